#!/bin/sh
# Writes the lock files of a release: every package with the SHA-256 of each of its files, by the versions of
# constraints.txt. Run after a change of either; tests/deploy/test_lock.py says when they are out of date.
#   deploy/lock.sh [UV]
# torch is left out, with what only torch needs: its build (CPU, which CUDA) is chosen when an image is built.
# light.lock is for the roles that look at no image: without the models' libraries and codecs (Pillow stays: the dashboard shows pictures).
set -eu
cd "$(dirname "$0")/.."
uv=${1:-.venv/bin/uv}
left_out=$(mktemp) heavy=$(mktemp)
trap 'rm -f "$left_out" "$heavy"' EXIT
echo "torch ; python_version < '3'" > "$left_out"
for package in torch monai openvino highdicom imagecodecs scipy; do
    echo "$package ; python_version < '3'" >> "$heavy"
done

lock() { # FILE FROM OPTION...
    file=$1 from=$2
    shift 2
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
        --no-emit-index-url --no-emit-find-links -c constraints.txt "$@" --output-file "$file" "$from"
    if grep -n '://' "$file"; then
        echo "$file names a place that packages came from" >&2
        exit 1
    fi
}

rm -f deploy/requirements.lock deploy/light.lock deploy/build.lock deploy/audit.lock
lock deploy/requirements.lock pyproject.toml --override "$left_out"
lock deploy/light.lock pyproject.toml --override "$heavy"
lock deploy/build.lock deploy/build.in
lock deploy/audit.lock deploy/audit.in
