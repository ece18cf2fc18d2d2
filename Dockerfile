# syntax=docker/dockerfile:1
# One image for every node, with or without a GPU (PyPI's torch for Linux carries CUDA), on its own or under KubeRay.
#
#   docker build -t text-removal .
#   docker run --rm -p 8081:8081 --shm-size=4g -v text-removal-data:/data -v text-removal-weights:/weights text-removal
#
# --shm-size is the room for Ray's object store, through which images pass between processes. Docker's default of 64 MB
# makes Ray fall back to files under /tmp. A GPU: add `--gpus all` and `python -m deployments --config configs/gpu.yaml`.

FROM python:3.11-slim-bookworm AS packages
RUN pip install --no-cache-dir 'uv>=0.9,<1'
COPY requirements.lock /build/requirements.lock
# The service alone; its tests ran against these very versions (requirements-dev.lock only adds tools to them).
RUN --mount=type=cache,target=/root/.cache/uv \
    uv venv --python /usr/local/bin/python3 /opt/venv \
    && UV_LINK_MODE=copy uv pip sync --require-hashes --compile-bytecode --python /opt/venv/bin/python \
       /build/requirements.lock

FROM python:3.11-slim-bookworm
# 0 leaves out the network code of mat and fcf, which is for research only (THIRD_PARTY_NOTICES.md).
ARG RESEARCH_CODE=1
LABEL org.opencontainers.image.title="text-removal-service" \
      org.opencontainers.image.description="Removes text from images with IOPaint's models, served by Ray Serve" \
      org.opencontainers.image.licenses="Apache-2.0"

# tini reaps the processes Ray leaves to process 1; wget is what the health check below and KubeRay's probes call. Some
# KubeRay versions start Ray in a login shell, which forgets PATH.
# hadolint ignore=DL3008,SC2016
RUN apt-get update \
    && apt-get install -y --no-install-recommends tini wget \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --create-home service \
    && install -d -o service -g service /data /weights \
    && echo 'PATH=/opt/venv/bin:$PATH' >/etc/profile.d/venv.sh

COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY --from=packages /build/requirements.lock ./
COPY notices/ notices/
COPY LICENSE pyproject.toml serve_config.yaml ./
COPY configs/ configs/
COPY models/ models/
COPY deployments/ deployments/
RUN /opt/venv/bin/python -m notices write --to THIRD_PARTY_NOTICES.md \
    && if [ "$RESEARCH_CODE" = 0 ]; then /opt/venv/bin/python -m notices strip; fi

# PYTHONPATH: the application is never installed, and under KubeRay the processes of Ray start elsewhere.
# HAProxy (it comes with Ray) in front instead of Ray's own proxy: 5-15 ms less a request (benchmarks/RESULTS.md).
# The callback: admission in the processes that hold the clients' connections (deployments/gateway/front.py).
ENV RAY_SERVE_ENABLE_HA_PROXY=1 \
    RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH=deployments.gateway.front:middleware \
    RAY_SERVE_PROXY_HEALTH_CHECK_PERIOD_S=2 \
    HOME=/home/service \
    PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    RAY_USAGE_STATS_ENABLED=0 \
    IOPAINT_DATA_DIR=/data \
    TORCH_HOME=/weights/torch \
    HF_HOME=/weights/huggingface

# By number, so that Kubernetes can tell that it is not root.
USER 10001:10001
# Tasks and results; downloaded weights.
VOLUME ["/data", "/weights"]
# The service; Ray's own metrics where a cluster manager fixes their port (KubeRay does, at 8080).
EXPOSE 8081 8080

# The weights may be downloading: until then the service is healthy only if a fallback model is configured.
HEALTHCHECK --interval=15s --timeout=6s --start-period=180s --retries=3 \
    CMD ["sh", "-c", "wget -q -T 5 -O /dev/null http://127.0.0.1:${IOPAINT_PORT:-8081}/api/v1/health || exit 1"]

ENTRYPOINT ["tini", "--"]
CMD ["python", "-m", "deployments"]
