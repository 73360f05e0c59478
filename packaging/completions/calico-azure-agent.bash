# bash completion for calico-azure-agent(8); tests/manual holds it to --help and to the table of keys
_calico_azure_agent() {
  local -a words=()
  local i each word='' glue='' option='' path='' names='' flags='' files=''
  # Readline takes --set mode=udr apart at the = and an IPv6 address at each colon.
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ ${#words[@]} -gt 0 && -n $word && (-n $glue || $word == [=:]*) ]]; then
      words[-1]+=$word
    else
      words+=("$word")
    fi
    [[ $word == *[=:] ]] && glue=yes || glue=''
  done
  word=${words[-1]}
  for each in "${words[@]::${#words[@]}-1}"; do
    if [[ -n $option ]]; then
      option=''
      continue
    fi
    case $each in
      --config | --set | --timeout | --at | --since | --bundle | -o | --output) option=$each ;;
      --kubeconfig | --nodes | --token-file | --client-id | --cloud | --endpoint | --imds-endpoint | --resource-group | --route-table | --cluster-cidr | --mode | --repair-script | --max-requests)
        option=$each
        ;;
      -*) ;;
      *)
        case $path:$each in
          :run | :wait | :status | :plan | :flush | :doctor | :audit | :explain | :history | :support-bundle | :config | :version | config:check | config:show)
            path+=${path:+ }$each
            ;;
        esac
        ;;
    esac
  done
  if [[ -z $option && $word == --*=* ]]; then
    option=${word%%=*}
    word=${word#*=}
  fi
  COMPREPLY=()
  case $option in
    '') ;;
    --config | --bundle | -o | --output | --kubeconfig | --nodes | --token-file | --repair-script) files=yes ;;
    --set)
      compopt -o nospace
      mapfile -t COMPREPLY < <(compgen -W '
        mode= imds.endpoint= imds.poll_interval= imds.read_timeout= imds.scheduled_events= nic.select= pods.cluster_cidrs= pods.node_cidrs=
        pods.node_cidr_source= routes.enabled= routes.protocol= routes.table= routes.metric= routes.local_sink=
        routes.resync_interval= sysctls.action= http.listen= http.metrics_listen= kubernetes.kubeconfig= kubernetes.node_name=
        azure.verify= azure.interval= azure.client_id= azure.cloud_config= readiness.require= readiness.ignore=
        log.level= log.format=' -- "$word")
      return
      ;;
    *) return ;;
  esac
  case $path in
    '') names='run wait status plan flush doctor audit explain history support-bundle config version' ;;
    config) names='check show' ;;
    'config check') [[ $word == -* ]] || files=yes ;;
    wait) flags='--timeout' ;;
    status) flags='--json --all --watch --bundle --html' ;;
    plan) flags='--json --bundle' ;;
    flush) flags='--dry-run --protocols --force' ;;
    doctor) flags='--json --all --npd --bundle' ;;
    audit)
      flags='--kubeconfig --nodes --token-file --client-id --cloud --endpoint --imds-endpoint --resource-group
        --route-table --cluster-cidr --mode --repair-script --max-requests --timeout --json --all'
      ;;
    explain) flags='--json --at --bundle' ;;
    history) flags='--since --json --bundle' ;;
    support-bundle) flags='--output' ;;
  esac
  if [[ -n $files ]]; then
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
    return
  fi
  flags+=' -h --help --config --set'
  [[ $word == -* || -z $names && $path != explain ]] && names=$flags
  mapfile -t COMPREPLY < <(compgen -W "$names" -- "$word")
}
complete -F _calico_azure_agent calico-azure-agent
