# fish completion for calico-azure-agent(8); tests/manual holds it to --help and to the table of keys
function __calico_azure_agent_at --argument-names wanted
    set -l path
    set -l value no
    for word in (commandline -opc)[2..]
        if test $value = yes
            set value no
            continue
        end
        switch $word
            case --config --set --timeout --at --since --bundle -o --output --kubeconfig --nodes --token-file --client-id --cloud --endpoint --imds-endpoint --resource-group --route-table --cluster-cidr --mode --repair-script --max-requests
                set value yes
            case '-*'
            case '*'
                if contains -- "$path:$word" ':run' ':wait' ':status' ':plan' ':flush' ':doctor' ':audit' ':explain' ':history' ':support-bundle' ':config' ':version' 'config:check' 'config:show'
                    set path (string trim -- "$path $word")
                end
        end
    end
    test "$path" = "$wanted"
end
complete -c calico-azure-agent -f
complete -c calico-azure-agent -n '__calico_azure_agent_at ""' -a run -d 'Run as the daemon: keep the routes, answer on http.listen'
complete -c calico-azure-agent -n '__calico_azure_agent_at ""' -a wait -d 'Block until the node is ready; name what it waits for'
complete -c calico-azure-agent -n '__calico_azure_agent_at ""' -a status -d 'Show what the running daemon sees'
complete -c calico-azure-agent -n '__calico_azure_agent_at ""' -a plan -d 'Show which routes and sysctls would change; change none'
complete -c calico-azure-agent -n '__calico_azure_agent_at ""' -a flush -d 'Remove every route and rule of the agent'\''s, nothing else'
complete -c calico-azure-agent -n '__calico_azure_agent_at ""' -a doctor -d 'Run every check and suggest fixes; change nothing'
complete -c calico-azure-agent -n '__calico_azure_agent_at ""' -a audit -d 'Judge the routes and NICs of a whole cluster; change nothing'
complete -c calico-azure-agent -n '__calico_azure_agent_at ""' -a explain -d 'Say why packets to a destination go where they go'
complete -c calico-azure-agent -n '__calico_azure_agent_at ""' -a history -d 'Show what the flight recorder has kept, over restarts and crashes'
complete -c calico-azure-agent -n '__calico_azure_agent_at ""' -a support-bundle -d 'Write all that the checks judge into one file, without secrets'
complete -c calico-azure-agent -n '__calico_azure_agent_at ""' -a config -d 'Check or show the configuration'
complete -c calico-azure-agent -n '__calico_azure_agent_at ""' -a version -d 'Show version, commit, compiler and libraries'
complete -c calico-azure-agent -s h -l help -d 'Print this help'
complete -c calico-azure-agent -l config -r -F -d 'Configuration file (default /etc/calico-azure-agent/config.toml)'
complete -c calico-azure-agent -l set -x -a 'mode= imds.endpoint= imds.poll_interval= imds.read_timeout= imds.scheduled_events= nic.select= pods.cluster_cidrs= pods.node_cidrs= pods.node_cidr_source= routes.enabled= routes.protocol= routes.table= routes.metric= routes.local_sink= routes.resync_interval= sysctls.action= http.listen= http.metrics_listen= kubernetes.kubeconfig= kubernetes.node_name= azure.verify= azure.interval= azure.client_id= azure.cloud_config= readiness.require= readiness.ignore= log.level= log.format=' -d 'Override one key of it, such as routes.metric=512; lists with commas; repeatable'
complete -c calico-azure-agent -n '__calico_azure_agent_at "wait"' -l timeout -x -d 'Give up after this long, such as 90s or 1h30m'
complete -c calico-azure-agent -n '__calico_azure_agent_at "status"' -l json -d 'Print JSON instead of text'
complete -c calico-azure-agent -n '__calico_azure_agent_at "status"' -l all -d 'Also a line for each check that passed or does not apply'
complete -c calico-azure-agent -n '__calico_azure_agent_at "status"' -l watch -d 'Show it again whenever something has changed; with --json a line each time'
complete -c calico-azure-agent -n '__calico_azure_agent_at "status"' -l bundle -r -F -d 'Of the node in this support bundle, on any machine'
complete -c calico-azure-agent -n '__calico_azure_agent_at "status"' -l html -d 'With --bundle: print the page that http.listen would serve'
complete -c calico-azure-agent -n '__calico_azure_agent_at "plan"' -l json -d 'Print JSON instead of text'
complete -c calico-azure-agent -n '__calico_azure_agent_at "plan"' -l bundle -r -F -d 'Of the node in this support bundle, on any machine'
complete -c calico-azure-agent -n '__calico_azure_agent_at "flush"' -l dry-run -d 'Only print what would be removed'
complete -c calico-azure-agent -n '__calico_azure_agent_at "flush"' -l protocols -d 'Only print the protocol numbers by which routes are the agent'\''s'
complete -c calico-azure-agent -n '__calico_azure_agent_at "flush"' -l force -d 'Even while the daemon runs, which puts them back'
complete -c calico-azure-agent -n '__calico_azure_agent_at "doctor"' -l json -d 'Print JSON instead of text'
complete -c calico-azure-agent -n '__calico_azure_agent_at "doctor"' -l all -d 'Also a line for each check that passed or does not apply'
complete -c calico-azure-agent -n '__calico_azure_agent_at "doctor"' -l npd -d 'One line of at most 80 bytes, for node-problem-detector'
complete -c calico-azure-agent -n '__calico_azure_agent_at "doctor"' -l bundle -r -F -d 'Of the node in this support bundle, on any machine'
complete -c calico-azure-agent -n '__calico_azure_agent_at "audit"' -l kubeconfig -r -F -d 'Of the API server (default $KUBECONFIG, ~/.kube/config, in-cluster)'
complete -c calico-azure-agent -n '__calico_azure_agent_at "audit"' -l nodes -r -F -d 'Instead of it: what kubectl get nodes --output json printed; - is standard input'
complete -c calico-azure-agent -n '__calico_azure_agent_at "audit"' -l token-file -r -F -d 'Azure'\''s token, as az account get-access-token prints it; - is standard input (default: a workload identity, else the managed identity of this VM)'
complete -c calico-azure-agent -n '__calico_azure_agent_at "audit"' -l client-id -x -d 'Which identity, where there are several'
complete -c calico-azure-agent -n '__calico_azure_agent_at "audit"' -l cloud -x -d 'AzureUSGovernmentCloud or AzureChinaCloud'
complete -c calico-azure-agent -n '__calico_azure_agent_at "audit"' -l endpoint -x -d 'Resource Manager of another cloud: https://HOST'
complete -c calico-azure-agent -n '__calico_azure_agent_at "audit"' -l imds-endpoint -x -d 'Where a managed identity gets its token'
complete -c calico-azure-agent -n '__calico_azure_agent_at "audit"' -l resource-group -x -d 'Look for route tables in this group, too, by name or id; repeatable'
complete -c calico-azure-agent -n '__calico_azure_agent_at "audit"' -l route-table -x -d 'Read this route table, too; repeatable'
complete -c calico-azure-agent -n '__calico_azure_agent_at "audit"' -l cluster-cidr -x -d 'Where the cluster'\''s pods are; repeatable (default: as nodes'\'' pod CIDRs are)'
complete -c calico-azure-agent -n '__calico_azure_agent_at "audit"' -l mode -x -d 'What the cluster is (default: as it shows)'
complete -c calico-azure-agent -n '__calico_azure_agent_at "audit"' -l repair-script -r -F -d 'Write commands that mend it there; - is standard output'
complete -c calico-azure-agent -n '__calico_azure_agent_at "audit"' -l max-requests -x -d 'Ask Azure no more often'
complete -c calico-azure-agent -n '__calico_azure_agent_at "audit"' -l timeout -x -d 'Give up after this long'
complete -c calico-azure-agent -n '__calico_azure_agent_at "audit"' -l json -d 'Print JSON instead of text'
complete -c calico-azure-agent -n '__calico_azure_agent_at "audit"' -l all -d 'Name each node and route, however many'
complete -c calico-azure-agent -n '__calico_azure_agent_at "explain"' -l json -d 'Print JSON instead of text'
complete -c calico-azure-agent -n '__calico_azure_agent_at "explain"' -l at -x -d 'As it was then, in UTC: 04:12, 2026-11-30T04:12Z, or 2h ago as 2h'
complete -c calico-azure-agent -n '__calico_azure_agent_at "explain"' -l bundle -r -F -d 'Of the node in this support bundle, on any machine'
complete -c calico-azure-agent -n '__calico_azure_agent_at "history"' -l since -x -d 'From then on, as --at of explain takes it'
complete -c calico-azure-agent -n '__calico_azure_agent_at "history"' -l json -d 'Print JSON instead of text'
complete -c calico-azure-agent -n '__calico_azure_agent_at "history"' -l bundle -r -F -d 'Of the node in this support bundle, on any machine'
complete -c calico-azure-agent -n '__calico_azure_agent_at "support-bundle"' -l output -s o -r -F -d 'Write it there; - is standard output (default: a name of node and time, here)'
complete -c calico-azure-agent -n '__calico_azure_agent_at "config"' -a check -d 'Find every mistake, each with its line and column'
complete -c calico-azure-agent -n '__calico_azure_agent_at "config"' -a show -d 'Show the effective values and where each comes from'
complete -c calico-azure-agent -n '__calico_azure_agent_at "config check"' -F
