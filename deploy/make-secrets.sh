#!/usr/bin/env bash
# Makes the passwords that docker-compose.yml names, as files under deploy/secrets, and a certificate of the dashboard for
# this computer. Leaves those that are there alone.
set -euo pipefail

folder="$(dirname "$0")/secrets"
# nobody else may enter the folder; the files are readable, because in the container another user reads them
mkdir -p "$folder"
chmod 700 "$folder"

password() {
  if [ ! -s "$folder/$1" ]; then
    od -vAn -N24 -tx1 /dev/urandom | tr -d ' \n' >"$folder/$1"
  fi
  chmod 444 "$folder/$1"
  cat "$folder/$1"
}
url() {
  if [ ! -s "$folder/$1" ]; then
    printf '%s' "$2" >"$folder/$1"
  fi
  chmod 444 "$folder/$1"
}
postgres=$(password postgres_password)
redis=$(password redis_password)
url database_url "postgresql://opportune:$postgres@postgres/opportune"
url broker_url "redis://:$redis@redis:6379/0"
password grafana_password >/dev/null
url flower_login "opportune:$(od -vAn -N24 -tx1 /dev/urandom | tr -d ' \n')"

# signed by itself: a browser asks before it goes on. For other computers put the site's own in its place
if [ ! -s "$folder/dashboard_key" ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -days 825 -subj "/CN=localhost" \
    -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" -addext "extendedKeyUsage=serverAuth" \
    -keyout "$folder/dashboard_key" -out "$folder/dashboard_certificate" 2>/dev/null
fi
chmod 444 "$folder/dashboard_key" "$folder/dashboard_certificate"
echo "secrets are in $folder"
