set -eu
: "${METASTUDIO_ENDPOINT:?set it to https://metastudio.REGION.myhuaweicloud.com}"
: "${PROJECT_ID:?set it to the id of the project}"
: "${X_AUTH_TOKEN:?set it to a token of IAM}"

umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
{
  printf 'X-Auth-Token: %s\nContent-Type: application/json\n' "$X_AUTH_TOKEN"
  [ -z "${X_APP_USERID:-}" ] || printf 'X-App-UserId: %s\n' "$X_APP_USERID"
} >"$work/headers"

# call METHOD PATH [BODY]: one call; the answer goes to stdout. The token is never an argument of a program.
call() {
  printf '%s %s\n' "$1" "$2" >&2
  if [ $# -gt 2 ]; then
    printf '%s' "$3" >"$work/body"
    curl -q -sS --fail --max-redirs 0 -X "$1" -H "@$work/headers" --data-binary "@$work/body" "$METASTUDIO_ENDPOINT$2"
  else
    curl -q -sS --fail --max-redirs 0 -X "$1" -H "@$work/headers" "$METASTUDIO_ENDPOINT$2"
  fi
}

# keep PATH FIELD...: a PUT replaces the whole object. Stop where live holds a field that the body below does not have.
keep() {
  kept_path=$1
  shift
  lost=
  call GET "$kept_path" >"$work/live"
  for field; do
    value='([0-9tf-]|"[^"]|\[[[:space:]]*[^][:space:]]|\{[[:space:]]*[^}[:space:]])'
    if grep -Eq "\"$field\"[[:space:]]*:[[:space:]]*$value" "$work/live"; then
      lost="$lost $field"
    fi
  done
  if [ -n "$lost" ]; then
    printf 'stopped: live holds%s, which this call would erase; make the plan with --depth full\n' "$lost" >&2
    exit 1
  fi
}

# id_of FIELD: the id in the answer of a create, read from stdin.
id_of() {
  tr -d '\n' | sed -n "s/.*\"$1\"[[:space:]]*:[[:space:]]*\"\([A-Za-z0-9_-]*\)\".*/\1/p"
}

# text VALUE: a value as the inside of a JSON text.
text() {
  printf '%s' "$1" | sed 's/[\\"]/\\&/g'
}
