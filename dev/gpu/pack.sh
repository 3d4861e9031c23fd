#!/usr/bin/env bash
# For a machine with a GPU that nothing can be fetched to: packs what Fractal needs there, beside its own sources, into
# folders .gpu-1, .gpu-2 … of at most 40 MB each (dev/gpu/run.sh unpacks them). With Node.js, the packages and
# onnxruntime's CUDA provider, cut down to the machine code of one kind of GPU.
#   dev/gpu/pack.sh [ARCH]     ARCH 90 is Hopper (H100, H200), 86 an RTX 3090; first run: npx fractal cuda install --libraries none
set -euo pipefail
cd "$(dirname "$0")/../.."
arch=${1:-90}
parts=$((40 * 1000 * 1000))
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
libraries=node_modules/onnxruntime-node/bin/napi-v6/linux/x64

rm -rf .gpu-*
# What seldom changes and is large: Node.js, onnxruntime with its provider, diffusers beside the torch that is there.
mkdir -p "$work/pack/bin" "$work/pack/python" "$work/pack/$libraries"
cp "$(command -v node)" "$work/pack/bin/node"
cp "$libraries"/{libonnxruntime.so.1,onnxruntime_binding.node,libonnxruntime_providers_shared.so} "$work/pack/$libraries/"
python3 dev/gpu/keep-arch.py "$libraries/libonnxruntime_providers_cuda.so" "$work/pack/$libraries/libonnxruntime_providers_cuda.so" "$arch"
python3 -m pip install --quiet --no-deps --no-compile --target "$work/pack/python" \
  "$(grep '^diffusers==' tools/export-model/requirements.txt)"
tar cf - -C "$work/pack" . | xz -6 -T2 | split --bytes=$parts --numeric-suffixes=1 --suffix-length=1 - "$work/part-"
for part in "$work"/part-*; do
  folder=.gpu-${part##*-}
  mkdir "$folder"
  mv "$part" "$folder/part"
done

# The packages. Temporal's native worker, compilers and other platforms' libraries are not needed to compute.
packages=$(npm ls --omit=dev --all --parseable 2>/dev/null | sed "s#^$PWD/##" | grep '^node_modules/' | sort -u |
  grep -vE 'core-bridge|webpack|@swc|terser|caniuse|electron-to|browserslist|jsonjoy|memfs|@types/|heap-js')
tools=$(ls -d node_modules/{tsx,esbuild,get-tsconfig,resolve-pkg-maps} node_modules/@esbuild/linux-x64 2>/dev/null)
# shellcheck disable=SC2086
tar cf - --hard-dereference --exclude='*.map' --exclude='*.d.ts' --exclude='*.d.mts' --exclude='*.d.cts' --exclude='*.md' \
  --exclude='onnxruntime-node/bin' $packages $tools | xz -6 -T2 >"$folder/packages.tar.xz"
ls -l .gpu-*/*
