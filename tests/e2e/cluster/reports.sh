# Policy reports that a scan writes into the cluster, with what the chart grants for it and no more, for `run`, which
# sources this file.

reports() {
  local scanned code=0
  # shellcheck disable=SC2016 # The message has backticks.
  local refused='grant `patch` on policyreports'
  "$helm" template reporting "$root/deploy/chart" --namespace probity --set policyReports.enabled=true,serviceAccount.name=reporter \
    --show-only templates/clusterrole.yaml --show-only templates/clusterrolebinding.yaml | kubectl apply -f - >/dev/null
  kubeconfig_of reporter "$work/reporter.kubeconfig"
  # What a former run left of a namespace of which nothing is said any more, and what others wrote.
  kubectl create namespace gone >/dev/null
  report_of() { # NAMESPACE NAME MANAGER
    printf '%s\n' 'apiVersion: wgpolicyk8s.io/v1alpha2' 'kind: PolicyReport' \
      "metadata: {name: $2, namespace: $1, labels: {app.kubernetes.io/managed-by: $3}}" 'results: []'
  }
  report_of gone probity probity | kubectl apply -f - >/dev/null
  report_of gone others others | kubectl apply -f - >/dev/null

  # The account of the audit may not, and says so after its reports.
  live 2 --audit off --write-policy-reports
  grep -q "$refused" "$work/out/stderr" || fail "an account without rights: $(cat "$work/out/stderr")"
  scanned=(--cluster --kubeconfig "$work/reporter.kubeconfig" --audit off --write-policy-reports)
  scan 1 "${scanned[@]}" -f policyreport -o "$work/out/written.json"
  read_back "$work/read-first.json"
  scan 1 "${scanned[@]}" -f policyreport -o "$work/out/written-again.json"
  read_back "$work/read-again.json"
  scan 1 "${scanned[@]}" -n clinic -f policyreport -o "$work/out/written-clinic.json"
  read_back "$work/read-clinic.json"
  # Shards of the same cluster, whose merge writes.
  "$probity" merge "$work/out/shards" --no-config --shard-key "$work/shard.key" --audit off -f policyreport -o "$work/out/written-merged.json" \
    --write-policy-reports --kubeconfig "$work/reporter.kubeconfig" >"$work/out/stdout" 2>"$work/out/stderr" || code=$?
  [ $code = 1 ] || fail "the merge that writes: exit $code instead of 1: $(cat "$work/out/stderr")"
  read_back "$work/read-merged.json"
  python3 "$here/reports.py" "$work/out/written.json" "$work/read-first.json" "$work/read-again.json" \
    "$work/out/written-merged.json" "$work/read-merged.json" "$work/read-clinic.json"
  kept_in "$work/out" "$work/read-first.json" "$work/read-merged.json"
}

read_back() { kubectl get clusterpolicyreports.wgpolicyk8s.io,policyreports.wgpolicyk8s.io --all-namespaces --show-managed-fields -o json >"$1"; }
