# One image per service, all from here:  docker build --build-arg SERVICE=sla .
# SERVICE=huiyin is the operator's command line. A mirror: --build-arg PYTHON_IMAGE=… --build-arg UV_DEFAULT_INDEX=…
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ARG SERVICE
ARG UV_DEFAULT_INDEX=
ENV UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 PIP_INDEX_URL=${UV_DEFAULT_INDEX}
WORKDIR /src
COPY requirements.lock ./
# An empty index means the default one; uv itself is installed with its hash, like everything else.
RUN [ -n "$PIP_INDEX_URL" ] || unset PIP_INDEX_URL; [ -n "$UV_DEFAULT_INDEX" ] || unset UV_DEFAULT_INDEX; \
    sed -n '/^uv==/,/[^\\]$/p' requirements.lock > uv.lock && pip install --no-cache-dir --require-hashes -r uv.lock && uv venv /app
COPY libs/common libs/common
COPY libs/huiyin libs/huiyin
COPY services services
# The subset lock holds exactly what this service declares; members of the workspace come from the tree.
RUN [ -n "$UV_DEFAULT_INDEX" ] || unset UV_DEFAULT_INDEX; \
    case "$SERVICE" in \
      huiyin) own=libs/huiyin members="libs/common libs/huiyin services/intake services/dispatch services/sla services/notify services/console" ;; \
      *) own="services/$SERVICE" members="libs/common services/$SERVICE" ;; \
    esac; \
    for member in $members; do paths="$paths ./$member"; done; \
    uv pip install --python /app/bin/python --require-hashes -r "$own/requirements.lock" && uv pip install --python /app/bin/python --no-deps --no-sources $paths

FROM ${PYTHON_IMAGE}
ARG SERVICE
LABEL org.opencontainers.image.title="huiyin-${SERVICE}" org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --system --uid 10001 --no-create-home huiyin && install -d -o huiyin -g huiyin /var/lib/huiyin
COPY --from=build /app /app
COPY packs /packs
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1 HUIYIN_SERVICE=${SERVICE}
# Secrets that the `keys` job made are read from their file; what the environment has wins.
COPY --chmod=755 <<'START' /usr/local/bin/start
#!/bin/sh
set -eu
file=${HUIYIN_KEYS_FILE:-/var/lib/huiyin/keys.env}
if [ -r "$file" ]; then
  while IFS= read -r line; do
    eval "[ -n \"\${${line%%=*}:-}\" ]" || eval "export $line"
  done <"$file"
fi
exec "$@"
START
USER huiyin
WORKDIR /tmp
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=6 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
ENTRYPOINT ["start"]
CMD ["sh", "-c", "exec uvicorn --factory \"$HUIYIN_SERVICE.main:create_app\" --host 0.0.0.0 --port 8000 --timeout-graceful-shutdown 5 --no-access-log"]
