#!/usr/bin/env bash
# Makes an authority for tests and a certificate for each name: make-test-ca.sh FOLDER NAME...
# FOLDER gets ca.pem and, for each name, NAME.pem and NAME.key. A second run adds names to the same authority.
# For tests and first steps: the authority's key lies in the folder without a passphrase, and nothing is ever revoked.
set -euo pipefail

if [ "$#" -lt 2 ]; then
  echo "usage: $0 FOLDER NAME..." >&2
  exit 2
fi
folder=$1
shift
days=${DAYS:-365}
umask 077
mkdir -p "$folder"

quietly() {
  local said
  if ! said=$("$@" 2>&1); then
    echo "$said" >&2
    echo "$0: failed: $*" >&2
    exit 1
  fi
}

if [ ! -e "$folder/ca.pem" ]; then
  quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -days "$days" \
    -subj "/O=Opportune test/CN=Opportune test authority" -addext "keyUsage=critical,keyCertSign,cRLSign" \
    -keyout "$folder/ca.key" -out "$folder/ca.pem"
fi

for name in "$@"; do
  case $name in
    *[!A-Za-z0-9._-]* | '' | .*) echo "$0: '$name' is no name: letters, digits, dots and hyphens" >&2; exit 2 ;;
  esac
  if [ -e "$folder/$name.pem" ]; then
    echo "$0: $folder/$name.pem exists and is left as it is" >&2
    continue
  fi
  quietly openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 \
    -subj "/O=Opportune test/CN=$name" -keyout "$folder/$name.key" -out "$folder/$name.csr"
  printf '%s\n' "subjectAltName=DNS:$name,DNS:localhost,IP:127.0.0.1" "keyUsage=critical,digitalSignature" \
    "extendedKeyUsage=serverAuth,clientAuth" >"$folder/$name.ext"
  quietly openssl x509 -req -sha256 -days "$days" -in "$folder/$name.csr" -CA "$folder/ca.pem" -CAkey "$folder/ca.key" \
    -CAcreateserial -extfile "$folder/$name.ext" -out "$folder/$name.pem"
  rm -f "$folder/$name.csr" "$folder/$name.ext"
  openssl x509 -noout -fingerprint -sha256 -in "$folder/$name.pem"
done
