# A real API server with etcd, for tests that source this file. Its caller sets `tools` (see `build`) and `work`, a folder of
# its own, and calls `stop_server` on exit.
#
# start_server sets `server` (its URL), writes $work/kubeconfig (of the administrator, system:masters) and
# $work/audit.log (every request, with its user, verb and resource). `kubeconfig_of USER FILE` writes one for a user who
# has what RBAC gives and nothing else.

server_processes=()

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

stop_server() {
  local process
  for process in "${server_processes[@]}"; do
    kill "$process" 2>/dev/null || true
    wait "$process" 2>/dev/null || true
  done
  server_processes=()
}

# A token is a secret of one run: 32 hexadecimal digits of the kernel.
new_token() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

start_server() {
  local storage peers port
  storage=$(free_port)
  peers=$(free_port)
  port=$(free_port)
  server=https://127.0.0.1:$port
  new_token >"$work/token"
  {
    echo "$(cat "$work/token"),administrator,administrator,system:masters"
    for user in probity curious reporter; do
      new_token >"$work/token-$user"
      echo "$(cat "$work/token-$user"),system:serviceaccount:probity:$user,$user,\"system:serviceaccounts,system:authenticated\""
    done
  } >"$work/tokens.csv"
  openssl genrsa -out "$work/service-account.key" 2048 2>/dev/null
  printf '%s\n' 'apiVersion: audit.k8s.io/v1' 'kind: Policy' 'omitStages: [RequestReceived]' 'rules: [{level: Metadata}]' \
    >"$work/audit-policy.yaml"

  "$tools/etcd" --data-dir "$work/etcd" --log-level error --unsafe-no-fsync \
    --listen-client-urls "http://127.0.0.1:$storage" --advertise-client-urls "http://127.0.0.1:$storage" \
    --listen-peer-urls "http://127.0.0.1:$peers" --initial-advertise-peer-urls "http://127.0.0.1:$peers" \
    --initial-cluster "default=http://127.0.0.1:$peers" >"$work/etcd.log" 2>&1 &
  server_processes=($!)
  # Nothing controls the cluster, so the admission that wants a token mounted into each pod is off: no token is made.
  "$tools/kube-apiserver" --etcd-servers "http://127.0.0.1:$storage" --secure-port "$port" --bind-address 127.0.0.1 \
    --cert-dir "$work/certificates" --token-auth-file "$work/tokens.csv" --authorization-mode RBAC \
    --disable-admission-plugins ServiceAccount --endpoint-reconciler-type none \
    --service-cluster-ip-range 10.96.0.0/16 --service-account-issuer https://kubernetes.default.svc \
    --service-account-key-file "$work/service-account.key" \
    --service-account-signing-key-file "$work/service-account.key" \
    --audit-policy-file "$work/audit-policy.yaml" --audit-log-path "$work/audit.log" \
    --profiling=false "$@" >"$work/kube-apiserver.log" 2>&1 &
  # The API server first when they are stopped: it does not give up well without its storage.
  server_processes=($! "${server_processes[@]}")

  local waited=0
  until [ -s "$work/certificates/apiserver.crt" ] && kubeconfig_of "" "$work/kubeconfig" &&
    [ "$(kubectl get --raw /readyz 2>/dev/null)" = ok ]; do
    waited=$((waited + 1))
    if [ $waited -gt 240 ] || ! kill -0 "${server_processes[0]}" 2>/dev/null; then
      echo "the API server did not get ready; it says:" >&2
      tail -n 20 "$work/kube-apiserver.log" "$work/etcd.log" >&2
      return 1
    fi
    sleep 0.25
  done
}

kubectl() { "$tools/kubectl" --kubeconfig "$work/kubeconfig" "$@"; }

kubeconfig_of() { # USER FILE; without a user, the administrator
  (
    umask 077
    cat >"$2" <<END
apiVersion: v1
kind: Config
current-context: test
contexts: [{name: test, context: {cluster: test, user: test}}]
clusters: [{name: test, cluster: {server: "$server", certificate-authority: "$work/certificates/apiserver.crt"}}]
users: [{name: test, user: {token: "$(cat "$work/token${1:+-$1}")"}}]
END
  )
}
