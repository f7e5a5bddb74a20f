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
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -l okta -d 'Where the Okta stand-in listens; further orgs take the next ports' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -l ioffice -d 'Where the iOffice stand-in listens; further sites take the next ports' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -l people -d 'People in the company' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -l seed -d 'The same seed makes the same company' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -l orgs -d 'Okta orgs' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -l sites -d 'iOffice sites' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -l accounts -d 'What iOffice holds at the start: a site in use for years, everything in order, or nobody' -r -f -a "lived\t''
tidy\t''
empty\t''"
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -l world -d 'A company from `sim import` instead of an invented one' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -l faults -d 'Faults to inject (TOML)' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -l preset -d 'Which reading of the contracts\' silences: default, strict, lenient, hostile' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -l settings -d 'Single assumptions, over the preset (TOML, tables `okta` and `ioffice`; see `sim doc`)' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -l certificate -d 'With --tls: write the certificate here, for clients to trust' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -l record -d 'Write every exchange to this file, credentials left out' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -l replay -d 'Answer from such a file instead of simulating' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -l at -d 'Begin at this moment instead of now (RFC 3339)' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -l no-limits -d 'Switch the stand-ins\' own rate limits off'
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -l dpop -d 'The announced service apps demand DPoP proofs, as new ones at Okta do'
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -l tls -d 'Answer on https with a certificate made at the start'
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -l json -d 'Print one line of JSON'
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -f -a "doc" -d 'Print what is simulated, what is assumed (each with its setting), and what is left out'
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -f -a "import" -d 'Make a company for `sim --world` from CSV files of people, groups and places, under other names'
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and __fish_seen_subcommand_from doc" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and __fish_seen_subcommand_from doc" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and __fish_seen_subcommand_from doc" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and __fish_seen_subcommand_from doc" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and __fish_seen_subcommand_from import" -l people -d 'People: a line each, columns named as in Okta\'s profile (login, email, firstName, …, office, status)' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and __fish_seen_subcommand_from import" -l groups -d 'Memberships: columns group and login' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and __fish_seen_subcommand_from import" -l places -d 'Rooms: columns building, name, city, countryCode, timezone, floor, room, type, capacity' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and __fish_seen_subcommand_from import" -l key-file -d 'A file with at least 16 bytes of your own; the same key gives the same pseudonyms' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and __fish_seen_subcommand_from import" -l out -d 'Folder for the result, which `sim --world` takes' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and __fish_seen_subcommand_from import" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and __fish_seen_subcommand_from import" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and __fish_seen_subcommand_from help" -f -a "doc" -d 'Print what is simulated, what is assumed (each with its setting), and what is left out'
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and __fish_seen_subcommand_from help" -f -a "import" -d 'Make a company for `sim --world` from CSV files of people, groups and places, under other names'
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals sweep decide hooks idle start stand-ins help" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals sweep decide hooks idle start stand-ins help" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals sweep decide hooks idle start stand-ins help" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals sweep decide hooks idle start stand-ins help" -f -a "signals" -d 'From signal to verified state, at steady rates and at saturation'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals sweep decide hooks idle start stand-ins help" -f -a "sweep" -d 'A first and a second full comparison: seconds, calls, memory'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals sweep decide hooks idle start stand-ins help" -f -a "decide" -d 'Decisions and plans for many people'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals sweep decide hooks idle start stand-ins help" -f -a "hooks" -d 'Time until a pushed event is durable and answered'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals sweep decide hooks idle start stand-ins help" -f -a "idle" -d 'CPU and memory of a server that has nothing to do'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals sweep decide hooks idle start stand-ins help" -f -a "start" -d 'Time from start to ready on a store in use'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals sweep decide hooks idle start stand-ins help" -f -a "stand-ins" -d 'Stand-ins that obey the bench (JSON lines on stdin)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals sweep decide hooks idle start stand-ins help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from signals" -l people -d 'People in the company' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from signals" -l rates -d 'Signals per second, one measured stretch each' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from signals" -l seconds -d 'Length of each stretch' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from signals" -l data -d 'Fresh data folder to use and keep' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from signals" -l saturate -d 'Also: everybody at once, again and again, for the same time'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from signals" -l json -d 'One JSON object on stdout (always; the flag is for symmetry with other verbs)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from signals" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from signals" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from signals" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from sweep" -l people -d 'People in the company; several sizes are measured one after another, each in a process of its own' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from sweep" -l data -d 'Fresh data folder to use and keep (one size only)' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from sweep" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from sweep" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from sweep" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from sweep" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from decide" -l people -d 'People to decide and plan for' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from decide" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from decide" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from decide" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from decide" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from hooks" -l rate -d 'Deliveries per second, one event each' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from hooks" -l seconds -d 'For how long' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from hooks" -l people -d 'People in the company' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from hooks" -l data -d 'Fresh data folder to use and keep' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from hooks" -l working -d 'Let the engine work on what arrives, instead of only taking it in'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from hooks" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from hooks" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from hooks" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from hooks" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from idle" -l seconds -d 'How long to watch' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from idle" -l people -d 'People in the company' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from idle" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from idle" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from idle" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from idle" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from start" -l people -d 'People in the store' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from start" -l times -d 'Starts, each ended by a kill' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from start" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from start" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from start" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from start" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from stand-ins" -l people -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from stand-ins" -l seed -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from stand-ins" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from stand-ins" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from stand-ins" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "signals" -d 'From signal to verified state, at steady rates and at saturation'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "sweep" -d 'A first and a second full comparison: seconds, calls, memory'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "decide" -d 'Decisions and plans for many people'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "hooks" -d 'Time until a pushed event is durable and answered'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "idle" -d 'CPU and memory of a server that has nothing to do'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "start" -d 'Time from start to ready on a store in use'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "stand-ins" -d 'Stand-ins that obey the bench (JSON lines on stdin)'
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
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from sim" -f -a "doc" -d 'Print what is simulated, what is assumed (each with its setting), and what is left out'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from sim" -f -a "import" -d 'Make a company for `sim --world` from CSV files of people, groups and places, under other names'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "signals" -d 'From signal to verified state, at steady rates and at saturation'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "sweep" -d 'A first and a second full comparison: seconds, calls, memory'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "decide" -d 'Decisions and plans for many people'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "hooks" -d 'Time until a pushed event is durable and answered'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "idle" -d 'CPU and memory of a server that has nothing to do'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "start" -d 'Time from start to ready on a store in use'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "stand-ins" -d 'Stand-ins that obey the bench (JSON lines on stdin)'
