#!/usr/bin/env bash
# Unpacks what tests with a browser need into a folder: the viewer OHIF (MIT), the browser driver playwright-core
# (Apache-2.0) and axe-core (MPL-2.0), which looks for what keeps people out of a page; none of it is shipped:
#   deploy/viewer/fetch.sh build/viewer/packages
# Versions and the SHA-512 of each archive are in packages.txt; npm brings them. A second run changes nothing.
set -euo pipefail

list=$(cd "$(dirname "$0")" && pwd)/packages.txt
mkdir -p "$1"
cd "$1"

fresh=$(mktemp -d "$PWD/fresh.XXXXXX")
trap 'rm -rf "$fresh"' EXIT

while read -r name version sha512; do
  folder=${name//\//-}
  folder=${folder#@}-$version # @ohif/app 3.13.2 lies in ohif-app-3.13.2
  if [ -d "$folder" ]; then continue; fi
  echo "fetching $name $version" >&2
  archive=$(npm pack --silent --pack-destination "$fresh" "$name@$version" | tail -n 1)
  if ! echo "$sha512  $fresh/$archive" | sha512sum --check --quiet; then
    echo "$0: $name $version is not the archive that packages.txt names" >&2
    exit 1
  fi
  # without source maps and the ONNX runtime of the segmentation tools: 60 MB instead of 210
  tar -xzf "$fresh/$archive" -C "$fresh" --exclude='*.map' --exclude='package/dist/ort'
  mv "$fresh/package" "$folder"
done <"$list"
