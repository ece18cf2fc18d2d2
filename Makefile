# `make serve` and `make test` are enough on a machine that has Python 3.11 (or 3.12) and make: they build .venv first.
.PHONY: serve ui test lint format bench chaos soak fuzz quality pictures openapi clients typescript lock audit sbom notices clean
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
# uv from the PATH, else one of our own beside the environment.
UV := $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)
# Ray would send the whole environment's start-up through uv if it saw that uv started it.
export RAY_ENABLE_UV_RUN_RUNTIME_ENV := 0

serve: .venv/.ready
	$(BIN)/python -m deployments

# The web page, from ui/ into the folder the gateway serves it from; the built files are committed. Needs Node and npm.
ui:
	cd ui && npm ci --silent && npm run --silent check && npm run --silent test && npm run --silent build

# ARGS='-k png' and the like go to pytest.
test: .venv/.ready
	$(BIN)/pytest $(ARGS)

lint: .venv/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/.ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.ready
	$(BIN)/python -m benchmarks

# Tasks, clients and watchers while processes are killed, storage fails and the service is restarted: ten minutes, or
# about two with ARGS=--short. Fails if a task is lost, doubled or wrong.
chaos: .venv/.ready
	$(BIN)/python -m benchmarks chaos $(or $(ARGS),--rounds 3)

# Memory over mixed requests: two hours, or five minutes with ARGS=600.
soak: .venv/.ready
	$(BIN)/python -m benchmarks soak $(or $(ARGS),20000)

# Requests, pictures and messages that nobody should send: an hour, or a minute with EXAMPLES=25.
EXAMPLES ?= 2000
fuzz: .venv/.ready
	FUZZ_EXAMPLES=$(EXAMPLES) $(BIN)/pytest --timeout 3600 tests/fuzz

quality: .venv/.ready
	$(BIN)/python -m benchmarks.quality

# The pictures in docs/images that show what the service does, made from sample.jpg and the sets of `make quality`.
# That of the page needs Debian's chromium.
pictures: .venv/.ready
	$(BIN)/python -m benchmarks.quality.sample docs/images/sample.jpg docs/images/sample-erased.jpg
	$(BIN)/python -m benchmarks.quality --picture docs/images/quality.jpg --captured-picture docs/images/captured.jpg
	$(BIN)/python -m tests.browser.portrait docs/images/page.jpg

# What others make of the description of the API: clients in TypeScript and Python, and a linter. Needs Node and npm.
openapi: .venv/.ready | $(UV)
	@mkdir -p out/openapi
	$(BIN)/python -m tests.openapi_document out/openapi/openapi.json
	cd out/openapi && npm install --no-save --no-audit --no-fund --silent openapi-typescript@7 typescript@5 @redocly/cli@2
	cd out/openapi && npx openapi-typescript openapi.json -o api.ts && npx tsc --noEmit --strict api.ts
	cd out/openapi && npx redocly lint openapi.json
	$(UV) tool run --quiet 'openapi-python-client>=0.26,<1' generate --path out/openapi/openapi.json \
	    --output-path out/openapi/client --overwrite

# The Python client: its types as users' checkers read them, and its package, built and installed into an empty
# environment. Needs a network.
clients: .venv/.ready | $(UV)
	$(BIN)/python clients/python/make_sync.py --check
	cd clients/python && ../../$(BIN)/mypy
	cd clients/python && $(abspath $(UV)) tool run --quiet --from 'pyright[nodejs]>=1.1.400,<2' pyright --pythonpath ../../$(BIN)/python
	rm -rf out/clients
	$(UV) build --quiet --out-dir out/clients clients/python
	$(UV) venv --quiet --python '>=3.10' out/clients/venv
	$(UV) pip install --quiet --python out/clients/venv/bin/python "$$(ls out/clients/*.whl)[cli,progress]" mypy
	out/clients/venv/bin/python -c 'import text_removal; print(text_removal.__version__)'
	out/clients/venv/bin/text-removal --help >/dev/null
	cd examples/python && ../../out/clients/venv/bin/mypy --strict --config-file= .

# The client in TypeScript: its types, its tests in Node and Chromium, its package. Needs Node and npm.
typescript: .venv/.ready
	$(BIN)/pytest tests/clients/test_typescript_client.py $(ARGS)

# After a change of the dependencies in pyproject.toml; versions that still fit stay. Names, versions and hashes only: no
# addresses. The tools' lock is compiled against the service's, so both together are one environment.
COMPILE := pip compile --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-emit-find-links \
    --custom-compile-command 'make lock' -q
lock: $(UV)
	$(UV) $(COMPILE) pyproject.toml -o requirements.lock
	$(UV) $(COMPILE) --group dev -c requirements.lock -o requirements-dev.lock

# Known vulnerabilities in what the image installs. Strict: a package the database could not be asked about fails, too.
audit: $(UV)
	$(UV) tool run --quiet --python '>=3.11,<3.12' 'pip-audit>=2.9,<3' --strict --require-hashes --disable-pip -r requirements.lock

# What the image installs, as CycloneDX JSON.
sbom: $(UV)
	@mkdir -p out
	$(UV) tool run --quiet --from 'cyclonedx-bom>=7,<8' cyclonedx-py requirements --pyproject pyproject.toml \
	    --output-reproducible -o out/sbom.json requirements.lock

# Licences of what the image installs, with their texts, and the terms that bind whoever passes it on.
notices: .venv/.ready
	$(BIN)/python -m notices write

.venv/.ready: requirements.lock requirements-dev.lock | $(UV)
	$(UV) venv --quiet --clear --python '>=3.11,<3.13' .venv
	$(UV) pip sync --quiet --require-hashes --python $(BIN)/python requirements.lock requirements-dev.lock
	@touch $@

.uv/bin/uv:
	$(PYTHON) -m venv .uv
	.uv/bin/pip install --quiet uv

clean:
	rm -rf .venv .uv .mypy_cache .ruff_cache .pytest_cache
