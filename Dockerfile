# Two images from one file: `fractal` for everything on a processor, `fractal-cuda` for what uses a GPU.
# Not built where this was written, which has no Docker engine; docs/production.md says what of it was tried.
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

FROM packages AS packages-cuda
ENV ONNXRUNTIME_NODE_INSTALL=cuda12
RUN node node_modules/onnxruntime-node/script/install.js

# All of ours that runs, in dist/: compiled, with the pages and the bundled workflows. What makes it stays in
# this stage.
FROM ${NODE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build

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

# CUDA 12 and cuDNN 9, as onnxruntime 1.30 wants them. They are part of the determinism class: a new
# version here is a new class, and every GPU worker certifies again.
FROM nvidia/cuda:12.9.1-cudnn-runtime-ubuntu24.04 AS fractal-cuda
WORKDIR /app
ENV NODE_ENV=production FRACTAL_STATE_DIR=/var/lib/fractal
COPY --from=packages-cuda /usr/local/bin/node /usr/local/bin/node
COPY --from=packages-cuda /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY LICENSE NOTICE ./
RUN install --directory --owner=1000 --group=1000 --mode=700 /var/lib/fractal
USER 1000:1000
ENTRYPOINT ["node", "dist/cli/fractal.mjs"]
CMD ["--help"]
