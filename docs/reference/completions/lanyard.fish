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
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "apply" -d 'Make it so, for everybody or one person, or exactly as a sealed what-if says; wait until it is verified'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "whatif" -d 'Show what another policy would do to everybody, from the mirrors, and seal it'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "replay" -d 'Decide a past period by another policy, from what was recorded'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "undo" -d 'Take back a plan, a person\'s changes or a stretch of time'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "adopt" -d 'First contact with hand-kept data: match report, disputed pairs, sign-off'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "approvals" -d 'Requests that wait for somebody: list, approve, decline; who may vote in whose place'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "sweep" -d 'Compare both sides completely, report, and repair what policy owns'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "explain" -d 'Say why a person has what they have, and why not more'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "findings" -d 'List what a person must know or do'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "drift" -d 'Show where the same kind of person gets different things in different sites, and what is in force where'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "rollout" -d 'Say how far a roll-out in waves has come; let it go on, or end it'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "alerts" -d 'Show what each alert rule, and the digest, would say now; or one rule with another template'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "messages" -d 'Show messages sent, waiting and given up'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "close" -d 'Put a finding away that no later read can end, with a reason for the journal'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "answer-for" -d 'Put on record who answers for a leaver who was not out in time, and what compensates for it'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "backup" -d 'Copy settings, policy and store to a folder, also while a server runs'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "restore" -d 'Put a backup in place; an older one only when told so'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "policy" -d 'Write, check, compare, publish and take back the policy'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "stop" -d 'Press the stop button: nothing is written upstream until `resume`'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "resume" -d 'Release the stop button'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "token" -d 'Make, list and revoke API tokens for programs'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "sign-in" -d 'Print a one-time link that signs one person in to the console as owner'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "report" -d 'Write an evidence pack: populations, measured times, access, samples, proofs; signed'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "verify" -d 'Check an evidence pack offline, or the journal of a data folder'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "access" -d 'Say who held what at a moment: a person, a site, or all'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "review" -d 'Access reviews: open, decide, sign off; removals go through plan and gates'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "journal" -d 'Take the journal out, sign its head, let go of old lines, forget a person'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "sim" -d 'Run the stand-ins for Okta and iOffice until stopped'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "bench" -d 'Measure'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "completions" -d 'Print shell completions'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "reference" -d 'Print the command line reference in Markdown'
complete -c lanyard -n "__fish_lanyard_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c lanyard -n "__fish_lanyard_using_subcommand demo" -l people -d 'People in the company' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand demo" -l seed -d 'The same seed makes the same company' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand demo" -l listen -d 'Address of the console' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand demo" -l sign-in -d 'Let nobody in without signing in as somebody of the company, and sign out whoever does nothing for so many seconds' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand demo" -l data -d 'Keep settings, policy and store here instead of a temporary folder' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand demo" -l once -d 'Run the day to quiet, verify, print a summary and leave'
complete -c lanyard -n "__fish_lanyard_using_subcommand demo" -l still -d 'Let nothing happen by itself: the day is not played, only the console\'s buttons act'
complete -c lanyard -n "__fish_lanyard_using_subcommand demo" -l json -d 'Only JSON on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand demo" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand demo" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand demo" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l data -d 'The same, as the other verbs take it' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l okta -d 'Okta org, https://example.okta.com' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l okta-token-file -d 'File with an API token (SSWS)' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l okta-client-id -d 'Client id of a service app (better than a token)' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l okta-key-file -d 'File with the service app\'s private key, PEM' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l okta-key-id -d 'Name of that key among the app\'s public keys' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l ioffice -d 'iOffice site, https://example.iofficeconnect.com' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l ioffice-user -d 'User name of a local service account with site administrator rights' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l ioffice-password-file -d 'File with its password' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l ioffice-client-id -d 'Client id for OAuth, instead of a local account' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l ioffice-client-secret-file -d 'File with the OAuth client\'s secret, if it has one' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l ioffice-redirect-uri -d 'Redirect address of the sign-in that gave the refresh token' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l ioffice-scope -d 'Scope of that sign-in' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l ioffice-refresh-token-file -d 'File with the refresh token' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l listen -d 'Address to listen on' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l public-url -d 'Address under which Okta reaches this server' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l tenant -d 'Name of the Okta org in settings and policy' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l site -d 'Name of the iOffice site in settings and policy' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l yes -d 'Ask nothing: everything comes from flags'
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -l add -d 'Add the org or the site, or both, to a folder that has settings already'
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand init" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand serve" -l data -d 'The same, as the other verbs take it' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand serve" -l listen -d 'Address to listen on, instead of the settings\'' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand serve" -l json -d 'One line of JSON once it listens: where it is, how to sign in, where each tenant\'s event hook goes'
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
complete -c lanyard -n "__fish_lanyard_using_subcommand apply" -l waves -d 'Not for everybody at once: shares (5%) or sites (south, hq+south), one wave each; everybody else is the last' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand apply" -l pause-minutes -d 'Between two waves; a limit, a list in doubt or failures meanwhile halt the roll-out' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand apply" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand apply" -l person -d 'One person: TENANT/ID, an Okta id, a login or an e-mail address' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand apply" -l site -d 'One site' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand apply" -l accept-open -d 'Begin although findings are open that halt a roll-out: they are accepted as they are'
complete -c lanyard -n "__fish_lanyard_using_subcommand apply" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand apply" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand apply" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand apply" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand whatif" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand whatif" -l read-groups -d 'Ask Okta for the members of groups that only the draft names'
complete -c lanyard -n "__fish_lanyard_using_subcommand whatif" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand whatif" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand whatif" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand whatif" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand replay" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand replay" -l policy -d 'Folder of the other policy' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand replay" -l from -d 'Beginning of the period' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand replay" -l to -d 'End of the period; else now' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand replay" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand replay" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand replay" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand replay" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand undo" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand undo" -l step -d 'Only this operation of the plan, counted from 1' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand undo" -l since -d 'From this moment on' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand undo" -l until -d 'Up to this moment' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand undo" -l reason -d 'Why, for the journal' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand undo" -l apply -d 'Do it; without this it is only shown'
complete -c lanyard -n "__fish_lanyard_using_subcommand undo" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand undo" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand undo" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand undo" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and not __fish_seen_subcommand_from report link sign-off help" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and not __fish_seen_subcommand_from report link sign-off help" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and not __fish_seen_subcommand_from report link sign-off help" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and not __fish_seen_subcommand_from report link sign-off help" -f -a "report" -d 'Read both sides and say who is whose, how surely, and what the first writes would do; writes nothing'
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and not __fish_seen_subcommand_from report link sign-off help" -f -a "link" -d 'Say whose an account is, where keys cannot'
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and not __fish_seen_subcommand_from report link sign-off help" -f -a "sign-off" -d 'Let a site be written to'
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and not __fish_seen_subcommand_from report link sign-off help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and __fish_seen_subcommand_from report" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and __fish_seen_subcommand_from report" -l site -r
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and __fish_seen_subcommand_from report" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and __fish_seen_subcommand_from report" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and __fish_seen_subcommand_from report" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and __fish_seen_subcommand_from report" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and __fish_seen_subcommand_from link" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and __fish_seen_subcommand_from link" -l site -r
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and __fish_seen_subcommand_from link" -l reason -d 'Why, for the journal' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and __fish_seen_subcommand_from link" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and __fish_seen_subcommand_from link" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and __fish_seen_subcommand_from link" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and __fish_seen_subcommand_from link" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and __fish_seen_subcommand_from sign-off" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and __fish_seen_subcommand_from sign-off" -l site -r
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and __fish_seen_subcommand_from sign-off" -l reason -d 'Why, for the journal' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and __fish_seen_subcommand_from sign-off" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and __fish_seen_subcommand_from sign-off" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and __fish_seen_subcommand_from sign-off" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and __fish_seen_subcommand_from sign-off" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and __fish_seen_subcommand_from help" -f -a "report" -d 'Read both sides and say who is whose, how surely, and what the first writes would do; writes nothing'
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and __fish_seen_subcommand_from help" -f -a "link" -d 'Say whose an account is, where keys cannot'
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and __fish_seen_subcommand_from help" -f -a "sign-off" -d 'Let a site be written to'
complete -c lanyard -n "__fish_lanyard_using_subcommand adopt; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and not __fish_seen_subcommand_from list approve decline renew delegate delegations withdraw help" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and not __fish_seen_subcommand_from list approve decline renew delegate delegations withdraw help" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and not __fish_seen_subcommand_from list approve decline renew delegate delegations withdraw help" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and not __fish_seen_subcommand_from list approve decline renew delegate delegations withdraw help" -f -a "list" -d 'List what waits for somebody'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and not __fish_seen_subcommand_from list approve decline renew delegate delegations withdraw help" -f -a "approve" -d 'Agree'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and not __fish_seen_subcommand_from list approve decline renew delegate delegations withdraw help" -f -a "decline" -d 'Disagree; needs a reason'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and not __fish_seen_subcommand_from list approve decline renew delegate delegations withdraw help" -f -a "renew" -d 'Ask anew after a request ran out or was declined'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and not __fish_seen_subcommand_from list approve decline renew delegate delegations withdraw help" -f -a "delegate" -d 'Let somebody vote in another\'s place for a time, never about themselves'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and not __fish_seen_subcommand_from list approve decline renew delegate delegations withdraw help" -f -a "delegations" -d 'List who may vote in whose place'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and not __fish_seen_subcommand_from list approve decline renew delegate delegations withdraw help" -f -a "withdraw" -d 'Take delegations back before their time'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and not __fish_seen_subcommand_from list approve decline renew delegate delegations withdraw help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from list" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from list" -l token-file -d 'File with the token whose owner asks; else the environment\'s LANYARD_TOKEN, else this machine\'s own' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from list" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from approve" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from approve" -l reason -d 'Why, for the journal and for whoever asks later' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from approve" -l token-file -d 'File with the token whose owner decides; else the environment\'s LANYARD_TOKEN' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from approve" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from approve" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from approve" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from approve" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from decline" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from decline" -l reason -d 'Why, for the journal and for whoever asks later' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from decline" -l token-file -d 'File with the token whose owner decides; else the environment\'s LANYARD_TOKEN' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from decline" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from decline" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from decline" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from decline" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from renew" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from renew" -l reason -d 'Why, for the journal and for whoever asks later' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from renew" -l token-file -d 'File with the token whose owner decides; else the environment\'s LANYARD_TOKEN' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from renew" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from renew" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from renew" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from renew" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from delegate" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from delegate" -l from -d 'E-mail address of who delegates; the token is an owner\'s, in the console people delegate their own votes' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from delegate" -l to -d 'E-mail address of who may vote instead' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from delegate" -l until -d 'When it ends' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from delegate" -l starts -d 'When it begins; at once if nothing is said' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from delegate" -l reason -d 'Why, for the journal' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from delegate" -l token-file -d 'File with the token whose owner records it; else the environment\'s LANYARD_TOKEN' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from delegate" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from delegate" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from delegate" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from delegate" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from delegations" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from delegations" -l token-file -d 'File with the token whose owner asks; else the environment\'s LANYARD_TOKEN, else this machine\'s own' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from delegations" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from delegations" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from delegations" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from delegations" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from withdraw" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from withdraw" -l token-file -d 'File with the token whose owner withdraws them; else the environment\'s LANYARD_TOKEN' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from withdraw" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from withdraw" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from withdraw" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from help" -f -a "list" -d 'List what waits for somebody'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from help" -f -a "approve" -d 'Agree'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from help" -f -a "decline" -d 'Disagree; needs a reason'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from help" -f -a "renew" -d 'Ask anew after a request ran out or was declined'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from help" -f -a "delegate" -d 'Let somebody vote in another\'s place for a time, never about themselves'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from help" -f -a "delegations" -d 'List who may vote in whose place'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from help" -f -a "withdraw" -d 'Take delegations back before their time'
complete -c lanyard -n "__fish_lanyard_using_subcommand approvals; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c lanyard -n "__fish_lanyard_using_subcommand sweep" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand sweep" -l site -d 'One site' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand sweep" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand sweep" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand sweep" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand sweep" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand explain" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand explain" -l why-not -l why -d 'Rules that could give it, why they do or do not, and what would change it: seat, role, role:CENTER, item:NAME, "cost center", booking, visit, or a rule\'s id' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand explain" -l as-of -d 'As it was known then, from memory alone' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand explain" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand explain" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand explain" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand explain" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand findings" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand findings" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand findings" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand findings" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand findings" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand drift" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand drift" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand drift" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand drift" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand drift" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand rollout" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand rollout" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand rollout" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand rollout" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c lanyard -n "__fish_lanyard_using_subcommand rollout" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand alerts" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand alerts" -l rule -d 'Only this rule' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand alerts" -l template -d 'With the text of this file for a template, instead of the rule\'s own; nothing is sent or kept' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand alerts" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand alerts" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand alerts" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand alerts" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand messages" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand messages" -l again -d 'Try those that were given up once more'
complete -c lanyard -n "__fish_lanyard_using_subcommand messages" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand messages" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand messages" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand messages" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand close" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand close" -l reason -d 'Why it is done, or need not be done' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand close" -l owner -d 'Who answers for its staying as it is; else whoever says so' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand close" -l until -d 'A day (UTC) or a moment from which on it is shown again when a later read or look shows that it is still so; else it stays away until it is over' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand close" -l by -d 'Who says so' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand close" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand close" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand close" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand close" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand answer-for" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand answer-for" -l site -d 'The site they were late in leaving' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand answer-for" -l owner -d 'Who answers for it' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand answer-for" -l compensation -d 'What was done instead, or found out afterwards' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand answer-for" -l by -d 'Who says so' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand answer-for" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand answer-for" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand answer-for" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand answer-for" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand backup" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand backup" -l with-secrets -d 'Copy the secrets too'
complete -c lanyard -n "__fish_lanyard_using_subcommand backup" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand backup" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand backup" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand backup" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand restore" -l data -d 'The same, as the other verbs take it' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand restore" -l older -d 'Also over a store that knows more than the backup'
complete -c lanyard -n "__fish_lanyard_using_subcommand restore" -l put-aside -d 'Also over a store that cannot be opened (it is damaged, or of a newer version): its files are kept beside the new one'
complete -c lanyard -n "__fish_lanyard_using_subcommand restore" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand restore" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand restore" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand restore" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and not __fish_seen_subcommand_from fmt lint test schema diff versions export import publish rollback help" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and not __fish_seen_subcommand_from fmt lint test schema diff versions export import publish rollback help" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and not __fish_seen_subcommand_from fmt lint test schema diff versions export import publish rollback help" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and not __fish_seen_subcommand_from fmt lint test schema diff versions export import publish rollback help" -f -a "fmt" -d 'Write the folder in the one spelling; comments and order stay'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and not __fish_seen_subcommand_from fmt lint test schema diff versions export import publish rollback help" -f -a "lint" -d 'Say everything that is wrong with the folder, each with its place and fix'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and not __fish_seen_subcommand_from fmt lint test schema diff versions export import publish rollback help" -f -a "test" -d 'Run the policy\'s own tests: `[[test]]` with `given` and `expect`; exit 1 if one fails'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and not __fish_seen_subcommand_from fmt lint test schema diff versions export import publish rollback help" -f -a "schema" -d 'Print the JSON Schema of policy.toml, for editors: `lanyard policy schema > policy.schema.json`'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and not __fish_seen_subcommand_from fmt lint test schema diff versions export import publish rollback help" -f -a "diff" -d 'Say in sentences how the folder differs from what is published'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and not __fish_seen_subcommand_from fmt lint test schema diff versions export import publish rollback help" -f -a "versions" -d 'List what was published, newest first'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and not __fish_seen_subcommand_from fmt lint test schema diff versions export import publish rollback help" -f -a "export" -d 'Write a version into the folder'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and not __fish_seen_subcommand_from fmt lint test schema diff versions export import publish rollback help" -f -a "import" -d 'Keep the folder as a draft, for the console'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and not __fish_seen_subcommand_from fmt lint test schema diff versions export import publish rollback help" -f -a "publish" -d 'Put the folder in force; a policy with mistakes is refused, and what is in force stays'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and not __fish_seen_subcommand_from fmt lint test schema diff versions export import publish rollback help" -f -a "rollback" -d 'Put an earlier version in force again, as a new version; where a second person must agree, ask for it'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and not __fish_seen_subcommand_from fmt lint test schema diff versions export import publish rollback help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from fmt" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from fmt" -l folder -d 'Policy folder, instead of the settings\'' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from fmt" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from fmt" -l check -d 'Change nothing; exit 3 if something would change'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from fmt" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from fmt" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from fmt" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from lint" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from lint" -l folder -d 'Policy folder, instead of the settings\'' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from lint" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from lint" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from lint" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from lint" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from test" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from test" -l folder -d 'Policy folder, instead of the settings\'' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from test" -l with -d 'Also run the tests of this file: nothing but `[person.NAME]` and `[[test]]`; may be given several times' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from test" -l only -d 'Only tests with this in their name' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from test" -l min-coverage -d 'Exit 1 if the tests reach less than this share of the policy' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from test" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from test" -l missed -d 'Also list the rules, rows and conditions that no test reaches'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from test" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from test" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from schema" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from schema" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from schema" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from diff" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from diff" -l folder -d 'Policy folder, instead of the settings\'' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from diff" -l from -d 'A version\'s number, instead of the published one' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from diff" -l to -d 'A version\'s number, instead of the folder' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from diff" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from diff" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from diff" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from versions" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from versions" -l folder -d 'Policy folder, instead of the settings\'' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from versions" -l limit -r
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from versions" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from versions" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from versions" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from versions" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from export" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from export" -l folder -d 'Policy folder, instead of the settings\'' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from export" -l version -d 'A version\'s number, instead of the published one' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from export" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from import" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from import" -l folder -d 'Policy folder, instead of the settings\'' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from import" -l draft -d 'Name of the draft; one of that name is replaced' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from import" -l by -r
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from import" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from import" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from publish" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from publish" -l folder -d 'Policy folder, instead of the settings\'' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from publish" -l reason -d 'Why, in a sentence; auditors read it' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from publish" -l by -d 'Who publishes' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from publish" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from publish" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from publish" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from publish" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from rollback" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from rollback" -l folder -d 'Policy folder, instead of the settings\'' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from rollback" -l reason -d 'Why, in a sentence; auditors read it' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from rollback" -l by -d 'Who publishes' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from rollback" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from rollback" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from rollback" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from rollback" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "fmt" -d 'Write the folder in the one spelling; comments and order stay'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "lint" -d 'Say everything that is wrong with the folder, each with its place and fix'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "test" -d 'Run the policy\'s own tests: `[[test]]` with `given` and `expect`; exit 1 if one fails'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "schema" -d 'Print the JSON Schema of policy.toml, for editors: `lanyard policy schema > policy.schema.json`'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "diff" -d 'Say in sentences how the folder differs from what is published'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "versions" -d 'List what was published, newest first'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "export" -d 'Write a version into the folder'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "import" -d 'Keep the folder as a draft, for the console'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "publish" -d 'Put the folder in force; a policy with mistakes is refused, and what is in force stays'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "rollback" -d 'Put an earlier version in force again, as a new version; where a second person must agree, ask for it'
complete -c lanyard -n "__fish_lanyard_using_subcommand policy; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
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
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and not __fish_seen_subcommand_from make list revoke help" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and not __fish_seen_subcommand_from make list revoke help" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and not __fish_seen_subcommand_from make list revoke help" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and not __fish_seen_subcommand_from make list revoke help" -f -a "make" -d 'Make a token; its text is printed once, on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and not __fish_seen_subcommand_from make list revoke help" -f -a "list" -d 'List tokens, without their texts'
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and not __fish_seen_subcommand_from make list revoke help" -f -a "revoke" -d 'Revoke a token, by id or name'
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and not __fish_seen_subcommand_from make list revoke help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and __fish_seen_subcommand_from make" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and __fish_seen_subcommand_from make" -l name -d 'Who uses it, for what' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and __fish_seen_subcommand_from make" -l role -d 'viewer, operator, policy-editor, approver, auditor, owner or metrics; may be given several times' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and __fish_seen_subcommand_from make" -l tenant -d 'Only in this tenant; may be given several times' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and __fish_seen_subcommand_from make" -l site -d 'Only in this site; may be given several times' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and __fish_seen_subcommand_from make" -l days -d 'Days it lives' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and __fish_seen_subcommand_from make" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and __fish_seen_subcommand_from make" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and __fish_seen_subcommand_from make" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and __fish_seen_subcommand_from make" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and __fish_seen_subcommand_from list" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and __fish_seen_subcommand_from list" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and __fish_seen_subcommand_from revoke" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and __fish_seen_subcommand_from revoke" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and __fish_seen_subcommand_from revoke" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "make" -d 'Make a token; its text is printed once, on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "list" -d 'List tokens, without their texts'
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "revoke" -d 'Revoke a token, by id or name'
complete -c lanyard -n "__fish_lanyard_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c lanyard -n "__fish_lanyard_using_subcommand sign-in" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand sign-in" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand sign-in" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand sign-in" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand sign-in" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand report" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand report" -l from -d 'Beginning of the period: a day (UTC) or a moment; a year before its end by default' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand report" -l to -d 'End of the period, not included; now by default' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand report" -l site -d 'One site' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand report" -l tenant -d 'The tenant, where there are several' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand report" -l seed -d 'Seed of the samples; the pack\'s moment by default. The auditor chooses it' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand report" -l sample -d 'Size of each sample; 25, 40 or 60 by the size of the population by default' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand report" -l sample-by -d 'Take turns among the values of this Okta attribute, such as department: each sample holds people of as many as its size allows. By the seed alone by default' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand report" -l person -d 'A dossier of this person too: TENANT/ID. May be given several times' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand report" -l out -d 'The pack to write; it must not exist yet' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand report" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand report" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand report" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand report" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand verify" -l key -d 'The verifier key that the pack must be signed with, or a file that holds it' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand verify" -l data -d 'Verify the journal of this data folder instead' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand verify" -l checkpoints -d 'Folder of exported checkpoints, instead of the settings\'' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand verify" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand verify" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand verify" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand verify" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand access" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand access" -l site -d 'One site; all by default' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand access" -l person -d 'One person: TENANT/ID' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand access" -l as-of -d 'The moment: a day (UTC) or an instant; now by default' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand access" -l json -d 'JSON Lines instead of CSV'
complete -c lanyard -n "__fish_lanyard_using_subcommand access" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand access" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand access" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and not __fish_seen_subcommand_from open list show decide sign help" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and not __fish_seen_subcommand_from open list show decide sign help" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and not __fish_seen_subcommand_from open list show decide sign help" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and not __fish_seen_subcommand_from open list show decide sign help" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and not __fish_seen_subcommand_from open list show decide sign help" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and not __fish_seen_subcommand_from open list show decide sign help" -f -a "open" -d 'Open a review over what is held now'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and not __fish_seen_subcommand_from open list show decide sign help" -f -a "list" -d 'List reviews'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and not __fish_seen_subcommand_from open list show decide sign help" -f -a "show" -d 'Show a review and its lines'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and not __fish_seen_subcommand_from open list show decide sign help" -f -a "decide" -d 'Decide one line'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and not __fish_seen_subcommand_from open list show decide sign help" -f -a "sign" -d 'Sign a review off'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and not __fish_seen_subcommand_from open list show decide sign help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from open" -l tenant -d 'The tenant, where there are several' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from open" -l site -d 'Sites; all by default' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from open" -l kind -d 'role, item, seat, section, door, site_admin, visit; role, item and site_admin by default' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from open" -l owner -d 'Who answers for the review and signs it off; not one of its reviewers' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from open" -l reviewer -d 'Who decides; several share the lines by person' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from open" -l provisioner -d 'Who gives such access, or publishes the policy: may not review it' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from open" -l due -d 'When it is due: a day (UTC) or a moment' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from open" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from open" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from open" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from open" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from open" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from list" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from list" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from show" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from show" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from decide" -l reason -d 'Why' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from decide" -l by -d 'Who decides' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from decide" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from decide" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from decide" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from decide" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from decide" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from sign" -l by -d 'Who signs: the owner' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from sign" -l statement -d 'What is stated by it' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from sign" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from sign" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from sign" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from sign" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from sign" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from help" -f -a "open" -d 'Open a review over what is held now'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from help" -f -a "list" -d 'List reviews'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show a review and its lines'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from help" -f -a "decide" -d 'Decide one line'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from help" -f -a "sign" -d 'Sign a review off'
complete -c lanyard -n "__fish_lanyard_using_subcommand review; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and not __fish_seen_subcommand_from export checkpoints erase retain help" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and not __fish_seen_subcommand_from export checkpoints erase retain help" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and not __fish_seen_subcommand_from export checkpoints erase retain help" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and not __fish_seen_subcommand_from export checkpoints erase retain help" -f -a "export" -d 'Write every line with its hash, one JSON object a line'
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and not __fish_seen_subcommand_from export checkpoints erase retain help" -f -a "checkpoints" -d 'Sign the journal\'s head now and lay the checkpoint outside; list those there are'
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and not __fish_seen_subcommand_from export checkpoints erase retain help" -f -a "erase" -d 'Forget a person who is gone; the journal still verifies. It cannot be undone'
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and not __fish_seen_subcommand_from export checkpoints erase retain help" -f -a "retain" -d 'Let go of the text of old lines, and of what is kept beside them; their hashes stay, so that every checkpoint and proof holds'
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and not __fish_seen_subcommand_from export checkpoints erase retain help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and __fish_seen_subcommand_from export" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and __fish_seen_subcommand_from export" -l tenant -d 'The tenant, where there are several' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and __fish_seen_subcommand_from export" -l out -d 'File to write; stdout by default' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and __fish_seen_subcommand_from export" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and __fish_seen_subcommand_from checkpoints" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and __fish_seen_subcommand_from checkpoints" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and __fish_seen_subcommand_from checkpoints" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and __fish_seen_subcommand_from checkpoints" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and __fish_seen_subcommand_from checkpoints" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and __fish_seen_subcommand_from erase" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and __fish_seen_subcommand_from erase" -l reason -d 'Who asked for it, and why; journaled without the person\'s name' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and __fish_seen_subcommand_from erase" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and __fish_seen_subcommand_from erase" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and __fish_seen_subcommand_from erase" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and __fish_seen_subcommand_from erase" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and __fish_seen_subcommand_from retain" -l data -d 'Data folder: settings, policy, secrets and store' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and __fish_seen_subcommand_from retain" -l days -d 'Keep lines of this many days' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and __fish_seen_subcommand_from retain" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and __fish_seen_subcommand_from retain" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and __fish_seen_subcommand_from retain" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and __fish_seen_subcommand_from retain" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and __fish_seen_subcommand_from help" -f -a "export" -d 'Write every line with its hash, one JSON object a line'
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and __fish_seen_subcommand_from help" -f -a "checkpoints" -d 'Sign the journal\'s head now and lay the checkpoint outside; list those there are'
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and __fish_seen_subcommand_from help" -f -a "erase" -d 'Forget a person who is gone; the journal still verifies. It cannot be undone'
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and __fish_seen_subcommand_from help" -f -a "retain" -d 'Let go of the text of old lines, and of what is kept beside them; their hashes stay, so that every checkpoint and proof holds'
complete -c lanyard -n "__fish_lanyard_using_subcommand journal; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
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
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -l console -d 'Redirect URI of a console: people sign in to it with the public web app 0oaconsole00000000aa' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -l certificate -d 'With --tls: write the certificate here, for clients to trust' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -l record -d 'Write every exchange to this file, credentials left out' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -l replay -d 'Answer from such a file instead of simulating' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -l badge -d 'Serve a badge system too (signed webhook, SCIM groups, CSV drop), at this address or on a free port' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand sim; and not __fish_seen_subcommand_from doc import help" -l badge-drop -d 'With --badge: a folder in which dropped lists are looked for each second' -r -F
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
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals sweep decide whatif hooks report console idle start sim world stand-ins help" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals sweep decide whatif hooks report console idle start sim world stand-ins help" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals sweep decide whatif hooks report console idle start sim world stand-ins help" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals sweep decide whatif hooks report console idle start sim world stand-ins help" -f -a "signals" -d 'From signal to verified state, at steady rates and at saturation'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals sweep decide whatif hooks report console idle start sim world stand-ins help" -f -a "sweep" -d 'A first and a second full comparison: seconds, calls, memory'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals sweep decide whatif hooks report console idle start sim world stand-ins help" -f -a "decide" -d 'Decisions and plans for many people'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals sweep decide whatif hooks report console idle start sim world stand-ins help" -f -a "whatif" -d 'What drafts would do to everybody, asked as the console asks'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals sweep decide whatif hooks report console idle start sim world stand-ins help" -f -a "hooks" -d 'Time until a pushed event is durable and answered'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals sweep decide whatif hooks report console idle start sim world stand-ins help" -f -a "report" -d 'An evidence pack of a year, and access as of past moments'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals sweep decide whatif hooks report console idle start sim world stand-ins help" -f -a "console" -d 'The console on a large store: pages of lists, and what many open consoles cost'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals sweep decide whatif hooks report console idle start sim world stand-ins help" -f -a "idle" -d 'CPU and memory of a server that has nothing to do'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals sweep decide whatif hooks report console idle start sim world stand-ins help" -f -a "start" -d 'Time from start to ready on a store in use'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals sweep decide whatif hooks report console idle start sim world stand-ins help" -f -a "sim" -d 'The stand-ins themselves: start, memory, requests per second, the same world twice'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals sweep decide whatif hooks report console idle start sim world stand-ins help" -f -a "world" -d 'The digest of a world (one line)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals sweep decide whatif hooks report console idle start sim world stand-ins help" -f -a "stand-ins" -d 'Stand-ins that obey the bench (JSON lines on stdin)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and not __fish_seen_subcommand_from signals sweep decide whatif hooks report console idle start sim world stand-ins help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
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
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from sweep" -l no-looks -d 'Leave the looks between the two comparisons out: the second one finds the same differences again'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from sweep" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from sweep" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from sweep" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from sweep" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from decide" -l people -d 'People to decide and plan for' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from decide" -l explain -d 'Tell every reason of everybody, as `explain` does, not only of those who differ'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from decide" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from decide" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from decide" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from decide" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from whatif" -l people -d 'People in the company' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from whatif" -l times -d 'How often each draft is asked about; the slowest answer counts' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from whatif" -l cold -d 'Ask only after nobody has asked for a while, when everybody is read from the mirrors'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from whatif" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from whatif" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from whatif" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from whatif" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from hooks" -l rate -d 'Deliveries per second, one event each' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from hooks" -l seconds -d 'For how long' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from hooks" -l people -d 'People in the company' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from hooks" -l data -d 'Fresh data folder to use and keep' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from hooks" -l working -d 'Let the engine work on what arrives, instead of only taking it in'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from hooks" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from hooks" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from hooks" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from hooks" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from report" -l people -d 'People' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from report" -l in -d 'Measure on this folder, and leave it' -r -F
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from report" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from report" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from report" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from report" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from console" -l people -d 'People, plans and journal lines in the store' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from console" -l pages -d 'Pages of each list' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from console" -l consoles -d 'Open consoles' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from console" -l seconds -d 'How long to watch them' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from console" -l hold -d 'Measure nothing: print a link that signs a browser in, and serve until stopped'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from console" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from console" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from console" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from console" -s V -l version -d 'Print version'
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
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from sim" -l people -d 'People in the world' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from sim" -l seed -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from sim" -l seconds -d 'Length of each load' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from sim" -l connections -d 'Connections, each with one request at a time' -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from sim" -l json -d 'One JSON object on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from sim" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from sim" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from sim" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from world" -l people -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from world" -l seed -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from world" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from world" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from world" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from stand-ins" -l people -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from stand-ins" -l seed -r
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from stand-ins" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from stand-ins" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from stand-ins" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "signals" -d 'From signal to verified state, at steady rates and at saturation'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "sweep" -d 'A first and a second full comparison: seconds, calls, memory'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "decide" -d 'Decisions and plans for many people'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "whatif" -d 'What drafts would do to everybody, asked as the console asks'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "hooks" -d 'Time until a pushed event is durable and answered'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "report" -d 'An evidence pack of a year, and access as of past moments'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "console" -d 'The console on a large store: pages of lists, and what many open consoles cost'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "idle" -d 'CPU and memory of a server that has nothing to do'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "start" -d 'Time from start to ready on a store in use'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "sim" -d 'The stand-ins themselves: start, memory, requests per second, the same world twice'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "world" -d 'The digest of a world (one line)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "stand-ins" -d 'Stand-ins that obey the bench (JSON lines on stdin)'
complete -c lanyard -n "__fish_lanyard_using_subcommand bench; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c lanyard -n "__fish_lanyard_using_subcommand completions" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand completions" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand completions" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand reference" -s v -l verbose -d 'Say more on stderr (twice: everything)'
complete -c lanyard -n "__fish_lanyard_using_subcommand reference" -s h -l help -d 'Print help'
complete -c lanyard -n "__fish_lanyard_using_subcommand reference" -s V -l version -d 'Print version'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "demo" -d 'Show a day in the life of a company: stand-ins, engine and console in one process'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "init" -d 'Write settings and a starter policy drawn from what Okta and iOffice hold'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "serve" -d 'Run: follow Okta, keep iOffice in step, serve the console'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "doctor" -d 'Probe both sides and say what to fix'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "check" -d 'Check settings and policy without calling anybody'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "plan" -d 'Show what would change, for everybody or one person; writes nothing'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "apply" -d 'Make it so, for everybody or one person, or exactly as a sealed what-if says; wait until it is verified'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "whatif" -d 'Show what another policy would do to everybody, from the mirrors, and seal it'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "replay" -d 'Decide a past period by another policy, from what was recorded'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "undo" -d 'Take back a plan, a person\'s changes or a stretch of time'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "adopt" -d 'First contact with hand-kept data: match report, disputed pairs, sign-off'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "approvals" -d 'Requests that wait for somebody: list, approve, decline; who may vote in whose place'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "sweep" -d 'Compare both sides completely, report, and repair what policy owns'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "explain" -d 'Say why a person has what they have, and why not more'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "findings" -d 'List what a person must know or do'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "drift" -d 'Show where the same kind of person gets different things in different sites, and what is in force where'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "rollout" -d 'Say how far a roll-out in waves has come; let it go on, or end it'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "alerts" -d 'Show what each alert rule, and the digest, would say now; or one rule with another template'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "messages" -d 'Show messages sent, waiting and given up'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "close" -d 'Put a finding away that no later read can end, with a reason for the journal'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "answer-for" -d 'Put on record who answers for a leaver who was not out in time, and what compensates for it'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "backup" -d 'Copy settings, policy and store to a folder, also while a server runs'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "restore" -d 'Put a backup in place; an older one only when told so'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "policy" -d 'Write, check, compare, publish and take back the policy'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "stop" -d 'Press the stop button: nothing is written upstream until `resume`'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "resume" -d 'Release the stop button'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "token" -d 'Make, list and revoke API tokens for programs'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "sign-in" -d 'Print a one-time link that signs one person in to the console as owner'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "report" -d 'Write an evidence pack: populations, measured times, access, samples, proofs; signed'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "verify" -d 'Check an evidence pack offline, or the journal of a data folder'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "access" -d 'Say who held what at a moment: a person, a site, or all'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "review" -d 'Access reviews: open, decide, sign off; removals go through plan and gates'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "journal" -d 'Take the journal out, sign its head, let go of old lines, forget a person'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "sim" -d 'Run the stand-ins for Okta and iOffice until stopped'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "bench" -d 'Measure'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "completions" -d 'Print shell completions'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "reference" -d 'Print the command line reference in Markdown'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and not __fish_seen_subcommand_from demo init serve doctor check plan apply whatif replay undo adopt approvals sweep explain findings drift rollout alerts messages close answer-for backup restore policy stop resume token sign-in report verify access review journal sim bench completions reference help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from adopt" -f -a "report" -d 'Read both sides and say who is whose, how surely, and what the first writes would do; writes nothing'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from adopt" -f -a "link" -d 'Say whose an account is, where keys cannot'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from adopt" -f -a "sign-off" -d 'Let a site be written to'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from approvals" -f -a "list" -d 'List what waits for somebody'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from approvals" -f -a "approve" -d 'Agree'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from approvals" -f -a "decline" -d 'Disagree; needs a reason'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from approvals" -f -a "renew" -d 'Ask anew after a request ran out or was declined'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from approvals" -f -a "delegate" -d 'Let somebody vote in another\'s place for a time, never about themselves'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from approvals" -f -a "delegations" -d 'List who may vote in whose place'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from approvals" -f -a "withdraw" -d 'Take delegations back before their time'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "fmt" -d 'Write the folder in the one spelling; comments and order stay'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "lint" -d 'Say everything that is wrong with the folder, each with its place and fix'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "test" -d 'Run the policy\'s own tests: `[[test]]` with `given` and `expect`; exit 1 if one fails'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "schema" -d 'Print the JSON Schema of policy.toml, for editors: `lanyard policy schema > policy.schema.json`'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "diff" -d 'Say in sentences how the folder differs from what is published'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "versions" -d 'List what was published, newest first'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "export" -d 'Write a version into the folder'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "import" -d 'Keep the folder as a draft, for the console'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "publish" -d 'Put the folder in force; a policy with mistakes is refused, and what is in force stays'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from policy" -f -a "rollback" -d 'Put an earlier version in force again, as a new version; where a second person must agree, ask for it'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "make" -d 'Make a token; its text is printed once, on stdout'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "list" -d 'List tokens, without their texts'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "revoke" -d 'Revoke a token, by id or name'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from review" -f -a "open" -d 'Open a review over what is held now'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from review" -f -a "list" -d 'List reviews'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from review" -f -a "show" -d 'Show a review and its lines'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from review" -f -a "decide" -d 'Decide one line'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from review" -f -a "sign" -d 'Sign a review off'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from journal" -f -a "export" -d 'Write every line with its hash, one JSON object a line'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from journal" -f -a "checkpoints" -d 'Sign the journal\'s head now and lay the checkpoint outside; list those there are'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from journal" -f -a "erase" -d 'Forget a person who is gone; the journal still verifies. It cannot be undone'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from journal" -f -a "retain" -d 'Let go of the text of old lines, and of what is kept beside them; their hashes stay, so that every checkpoint and proof holds'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from sim" -f -a "doc" -d 'Print what is simulated, what is assumed (each with its setting), and what is left out'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from sim" -f -a "import" -d 'Make a company for `sim --world` from CSV files of people, groups and places, under other names'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "signals" -d 'From signal to verified state, at steady rates and at saturation'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "sweep" -d 'A first and a second full comparison: seconds, calls, memory'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "decide" -d 'Decisions and plans for many people'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "whatif" -d 'What drafts would do to everybody, asked as the console asks'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "hooks" -d 'Time until a pushed event is durable and answered'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "report" -d 'An evidence pack of a year, and access as of past moments'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "console" -d 'The console on a large store: pages of lists, and what many open consoles cost'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "idle" -d 'CPU and memory of a server that has nothing to do'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "start" -d 'Time from start to ready on a store in use'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "sim" -d 'The stand-ins themselves: start, memory, requests per second, the same world twice'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "world" -d 'The digest of a world (one line)'
complete -c lanyard -n "__fish_lanyard_using_subcommand help; and __fish_seen_subcommand_from bench" -f -a "stand-ins" -d 'Stand-ins that obey the bench (JSON lines on stdin)'
