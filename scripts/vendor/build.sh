#!/bin/sh
# Write the libraries of the report's pages, and of the documentation, again: pages opened from disk can load no modules.
set -eu
cd "$(dirname "$0")"
out=../../aqbio/pages/assets/vendor
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cp package.json three.js "$folder"
(cd "$folder" && npm install --no-audit --no-fund --silent)
"$folder/node_modules/.bin/esbuild" "$folder/three.js" --bundle --minify --format=iife --global-name=THREE \
    --legal-comments=none --log-level=warning --outfile="$out/three.min.js"
cp "$folder/node_modules/uplot/dist/uPlot.iife.min.js" "$out/uplot.min.js"
cp "$folder/node_modules/uplot/dist/uPlot.min.css" "$out/uplot.min.css"
site=../../docs/assets  # search in pages that are opened from disk
cp "$folder/node_modules/iframe-worker/shim/index.js" "$site/iframe-worker.js"
cp "$folder/node_modules/iframe-worker/LICENSE" "$site/iframe-worker.LICENSE"
for library in three uplot; do
    printf '%s\n\n' "$(node -p "const p = require('$folder/node_modules/$library/package.json'); p.name + ' ' + p.version")"
    cat "$folder/node_modules/$library/LICENSE"
    printf '\n'
done > "$out/LICENSES.txt"
