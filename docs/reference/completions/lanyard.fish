# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_lanyard_global_optspecs
    string join \n v/verbose h/help V/version
end

function __fish_lanyard_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_lanyard_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_lanyard_using_subcommand
    set -l cmd (__fish_lanyard_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c lanyard -n "__fish_lanyard_needs_command" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_needs_command" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_needs_command" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "demo" -d 'Show a day in the life of a company: stand-ins, engine and console in one process'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "init" -d 'Write settings and a starter policy drawn from what Okta and iOffice hold'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "serve" -d 'Run: follow Okta, keep iOffice in step, serve the console'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "doctor" -d 'Probe both sides and say what to fix'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "check" -d 'Check settings and policy without calling anybody'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "plan" -d 'Show what would change, for everybody or one person; writes nothing'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "apply" -d 'Make it so, for everybody or one person, and wait until it is verified'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "sweep" -d 'Compare both sides completely, report, and repair what policy owns'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "explain" -d 'Say why a person has what they have, and why not more'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "stop" -d 'Press the stop button: nothing is written upstream until `resume`'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "resume" -d 'Release the stop button'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "sim" -d 'Run the stand-ins for Okta and iOffice until stopped'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "bench" -d 'Measure'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "completions" -d 'Print shell completions'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "reference" -d 'Print the command line reference in Markdown'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c lanyard -n "__fish_lanyard_using_subcommand demo" -l people -d 'People in the company' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand demo" -l seed -d 'The same seed makes the same company' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand demo" -l listen -d 'Address of the console' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand demo" -l data -d 'Keep settings, policy and store here instead of a temporary folder' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand demo" -l once -d 'Run the day to quiet, verify, print a summary and leave'
complete -c lanyard -n "__fish_lanyard_using_subcommand demo" -l json -d 'Only JSON on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand demo" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand demo" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand demo" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l okta -d 'Okta org, https://example.okta.com' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l okta-token-file -d 'File with an API token (SSWS)' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l okta-client-id -d 'Client id of a service app (better than a token)' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l okta-key-file -d 'File with the service app\'s private key, PEM' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l okta-key-id -d 'Name of that key among the app\'s public keys' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l ioffice -d 'iOffice site, https://example.iofficeconnect.com' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l ioffice-user -d 'User name of a local service account with site administrator rights' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l ioffice-password-file -d 'File with its password' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l listen -d 'Address to listen on' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l public-url -d 'Address under which Okta reaches this server' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l tenant -d 'Name of the Okta org in settings and policy' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l site -d 'Name of the iOffice site in settings and policy' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l yes -d 'Ask nothing: everything comes from flags'
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand serve" -l data -d 'The same, as the other verbs take it' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand serve" -l listen -d 'Address to listen on, instead of the settings\'' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand serve" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand serve" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand serve" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand doctor" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand doctor" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand doctor" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand doctor" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand check" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand check" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand check" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand check" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand check" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand plan" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand plan" -l person -d 'One person: TENANT/ID, an Okta id, a login or an e-mail address' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand plan" -l site -d 'One site' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand plan" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand plan" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand plan" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand plan" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand apply" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand apply" -l person -d 'One person: TENANT/ID, an Okta id, a login or an e-mail address' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand apply" -l site -d 'One site' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand apply" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand apply" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand apply" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand apply" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand sweep" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand sweep" -l site -d 'One site' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand sweep" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand sweep" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand sweep" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand sweep" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand explain" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand explain" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand explain" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand explain" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand explain" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand stop" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand stop" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand stop" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand stop" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand stop" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand resume" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand resume" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand resume" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand resume" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand resume" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand sim" -l okta -d 'Where the Okta stand-in listens; further orgs take the next ports' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand sim" -l ioffice -d 'Where the iOffice stand-in listens; further sites take the next ports' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand sim" -l people -d 'People in the company' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand sim" -l seed -d 'The same seed makes the same company' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand sim" -l orgs -d 'Okta orgs' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand sim" -l sites -d 'iOffice sites' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand sim" -l accounts -d 'What iOffice holds at the start: a site in use for years, everything in order, or nobody' -r -f -a "lived\t''
tidy\t''
empty\t''"
complete -c lanyard -n "__fish_lanyard_using_subcommand sim" -l faults -d 'Faults to inject (TOML)' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand sim" -l preset -d 'Which reading of the contract\'s silences: default, strict, lenient, hostile' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand sim" -l at -d 'Begin at this moment instead of now (RFC 3339)' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand sim" -l no-limits -d 'Switch the stand-ins\' own rate limits off'
complete -c lanyard -n "__fish_lanyard_using_subcommand sim" -l tls -d 'Answer on https with a certificate made at the start'
complete -c lanyard -n "__fish_lanyard_using_subcommand sim" -l json -d 'Print one line of JSON'
complete -c lanyard -n "__fish_lanyard_using_subcommand sim" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand sim" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand sim" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals help" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals help" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals help" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals help" -f -a "signals" -d 'From signal to verified state, at a steady rate and at saturation'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from signals" -l people -d 'People in the company' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from signals" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from signals" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from signals" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from signals" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "signals" -d 'From signal to verified state, at a steady rate and at saturation'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c lanyard -n "__fish_lanyard_using_subcommand completions" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand completions" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand completions" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand reference" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand reference" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand reference" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply sweep explain stop resume sim bench completions reference help" -f -a "demo" -d 'Show a day in the life of a company: stand-ins, engine and console in one process'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply sweep explain stop resume sim bench completions reference help" -f -a "init" -d 'Write settings and a starter policy drawn from what Okta and iOffice hold'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply sweep explain stop resume sim bench completions reference help" -f -a "serve" -d 'Run: follow Okta, keep iOffice in step, serve the console'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply sweep explain stop resume sim bench completions reference help" -f -a "doctor" -d 'Probe both sides and say what to fix'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply sweep explain stop resume sim bench completions reference help" -f -a "check" -d 'Check settings and policy without calling anybody'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply sweep explain stop resume sim bench completions reference help" -f -a "plan" -d 'Show what would change, for everybody or one person; writes nothing'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply sweep explain stop resume sim bench completions reference help" -f -a "apply" -d 'Make it so, for everybody or one person, and wait until it is verified'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply sweep explain stop resume sim bench completions reference help" -f -a "sweep" -d 'Compare both sides completely, report, and repair what policy owns'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply sweep explain stop resume sim bench completions reference help" -f -a "explain" -d 'Say why a person has what they have, and why not more'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply sweep explain stop resume sim bench completions reference help" -f -a "stop" -d 'Press the stop button: nothing is written upstream until `resume`'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply sweep explain stop resume sim bench completions reference help" -f -a "resume" -d 'Release the stop button'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply sweep explain stop resume sim bench completions reference help" -f -a "sim" -d 'Run the stand-ins for Okta and iOffice until stopped'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply sweep explain stop resume sim bench completions reference help" -f -a "bench" -d 'Measure'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply sweep explain stop resume sim bench completions reference help" -f -a "completions" -d 'Print shell completions'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply sweep explain stop resume sim bench completions reference help" -f -a "reference" -d 'Print the command line reference in Markdown'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply sweep explain stop resume sim bench completions reference help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "signals" -d 'From signal to verified state, at a steady rate and at saturation'
