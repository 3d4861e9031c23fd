# Two images from one file: `fractal` for everything on a processor, `fractal-cuda` for what uses a GPU.
# Built by `npm run compose-shape`; docs/production.md says what of it was tested.
# Node 24 is the release with long-term support; any from 20.19 works (package.json, `engines`).
ARG NODE=node:24.20.0-bookworm-slim

FROM ${NODE} AS packages
WORKDIR /app
# No install script is needed; onnxruntime's would fetch GPU libraries (dev/setup/dependencies.mjs).
ENV ONNXRUNTIME_NODE_INSTALL=skip
COPY package.json package-lock.json ./
# The two largest packages bring every platform's programs: 644 MB become 293 MB without the others'.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && cd node_modules/onnxruntime-node/bin/napi-v6 \
  && rm -r darwin win32 \
  && find linux -mindepth 1 -maxdepth 1 ! -name "$(node -p process.arch)" -exec rm -r {} + \
  && cd ../../../@temporalio/core-bridge/releases \
  && find . -mindepth 1 -maxdepth 1 ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -r {} +

# All of ours that runs, in dist/: compiled, with the pages and the bundled workflows. What makes it stays in
# this stage.
FROM ${NODE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build

# onnxruntime's CUDA provider, and the libraries that it loads, as `fractal cuda install` has them outside of
# containers: a base image with another cuDNN would compute other bytes, which is another determinism class.
FROM packages AS packages-cuda
RUN apt-get update && apt-get install --yes --no-install-recommends python3-pip && rm -r /var/lib/apt/lists/*
COPY --from=build /app/dist dist
RUN XDG_CACHE_HOME=/opt/cache node dist/cli/fractal.mjs cuda install --libraries all \
  && rm -r dist /opt/cache/fractal/cuda/onnxruntime-gpu-* \
  && chmod -R a+rX /opt/cache node_modules/onnxruntime-node/bin

FROM ${NODE} AS fractal
WORKDIR /app
ENV NODE_ENV=production FRACTAL_STATE_DIR=/var/lib/fractal
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY LICENSE NOTICE ./
RUN install --directory --owner=1000 --group=1000 --mode=700 /var/lib/fractal
USER 1000:1000
ENTRYPOINT ["node", "dist/cli/fractal.mjs"]
CMD ["--help"]

# NVIDIA's container toolkit brings the driver's part, and refuses a driver that is older than CUDA 13 wants (580).
FROM ${NODE} AS fractal-cuda
WORKDIR /app
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility NVIDIA_REQUIRE_CUDA=cuda>=13.0
ENV NODE_ENV=production FRACTAL_STATE_DIR=/var/lib/fractal XDG_CACHE_HOME=/opt/cache
COPY --from=packages-cuda /opt/cache /opt/cache
COPY --from=packages-cuda /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY LICENSE NOTICE ./
RUN install --directory --owner=1000 --group=1000 --mode=700 /var/lib/fractal
USER 1000:1000
ENTRYPOINT ["node", "dist/cli/fractal.mjs"]
CMD ["--help"]
