#!/bin/sh
# Packs an addon: PROGRAM KEY FOLDER LIBRARY ZIP. The library joins the folder's own files in a staging folder.
set -eu
program=$1 key=$2 folder=$3 library=$4 zip=$5
stage=$(mktemp -d); trap 'rm -rf "$stage"' EXIT
cp -R "$folder/addon.json" "$folder/migrations" "$folder/GUIDE.md" "$stage/"
cp "$library" "$stage/$(basename "$library")"
chmod 644 "$stage/$(basename "$library")"
if [ -n "$key" ]; then "$program" addon pack "$stage" --key "$key" --out "$zip"; else "$program" addon pack "$stage" --out "$zip"; fi
