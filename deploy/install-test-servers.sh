#!/usr/bin/env bash
# Installs the programs that the tests start for themselves: Orthanc with DICOMweb, DCMTK, dicom3tools, Redis,
# PostgreSQL, strace and openssl, from Debian. Run as root or with sudo at hand. Starts no daemon; a second run changes nothing.
set -euo pipefail

packages=(orthanc orthanc-dicomweb dcmtk dicom3tools redis-server postgresql strace openssl "$@")

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
done
if [ "${#missing[@]}" -eq 0 ]; then
  exit 0
fi

if ! command -v apt-get >/dev/null; then
  echo "$0: needs Debian's apt-get to install: ${missing[*]}" >&2
  exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "$0: neither root nor sudo; ask an administrator to install: ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

log=$(mktemp)
policy=${POLICY_RC_D:-/usr/sbin/policy-rc.d}
made_policy=no
clean_up() {
  rm -f "$log"
  if [ "$made_policy" = yes ]; then "${as_root[@]}" rm -f "$policy"; fi
}
trap clean_up EXIT

# Debian starts what it installs unless this file says 101 (action forbidden); one that is there already is left alone
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  made_policy=yes
  "${as_root[@]}" chmod 755 "$policy"
fi

quietly() {
  if ! "$@" >"$log" 2>&1; then
    cat "$log" >&2
    echo "$0: failed: $*" >&2
    exit 1
  fi
}
echo "installing ${missing[*]}" >&2
quietly "${as_root[@]}" apt-get -qq update
quietly "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}"
