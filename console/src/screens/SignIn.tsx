// The way in. Anything that was being written stays in this browser as a draft.
import { Button } from "@mantine/core";
import { IconLogin2 } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { api } from "../api";
import { PageHead } from "../ui/panel";
import { Loaded } from "../ui/states";

/** Why the server sent the browser back here. */
const PROBLEMS: Record<string, [string, string]> = {
  denied: ["Okta did not let you in", "You are not assigned to this application, or you cancelled. Ask whoever manages applications in Okta."],
  no_role: ["You have no role here", "You are known, but none of your groups gives a role in Lanyard. Ask an owner which group you should be in."],
  stale: ["That sign-in took too long, or was begun elsewhere", "Nothing is wrong; begin again."],
  refused: ["The identity provider refused", "Its words are in the server's log. Begin again; if it stays so, an owner should check the application in Okta."],
  unreachable: ["The identity provider cannot be reached", "Lanyard goes on working; only signing in waits. Try again in a minute."],
  not_believed: ["The answer did not pass a check", "It was not used. The server's log names the check; an owner should compare [sign_in] with the application in Okta."],
};

export function SignInPage() {
  const { problem, to } = useSearch({ from: "/sign-in" });
  return (
    <div className="signin">
      <PageHead title="Sign in" />
      <SignInPanel problem={problem} to={to} />
    </div>
  );
}

/** The ways in that this server offers. `to` is where to go on afterwards. */
export function SignInPanel({ problem, to, fix }: { problem?: string; to?: string; fix?: string }) {
  const ways = useQuery({ queryKey: ["sign-in"], queryFn: api.ways });
  const said = problem ? (PROBLEMS[problem] ?? ["You could not be signed in", "Begin again."]) : undefined;
  return (
    <div className="panel" data-tone={said ? "failed" : undefined}>
      <Loaded query={ways} what="the ways to sign in" rows={3}>
        {({ provider, signed_in }) => (
          <div className="body stack">
            {said && (
              <div role="alert">
                <b>{said[0]}</b>
                <div className="dim">{said[1]}</div>
              </div>
            )}
            {signed_in && <div className="row wrap"><span>You are signed in.</span><Button component="a" variant="default" size="xs" href={to ?? "/"}>Go on</Button></div>}
            {provider && (
              <div>
                <Button component="a" href={`/sign-in/provider?to=${encodeURIComponent(to ?? "/")}`} leftSection={<IconLogin2 size={16} aria-hidden />}>
                  Sign in {signed_in ? "as somebody else " : ""}with {provider}
                </Button>
              </div>
            )}
            {!signed_in && (
              <div>
                {!provider && <b>You are not signed in</b>}
                <div className="dim">
                  {fix ?? (provider ? "Without access to Okta, " : "")}
                  {!fix && <>run <span className="mono">lanyard sign-in</span> on the server: it prints a link that signs one person in as owner, once.</>}
                </div>
              </div>
            )}
          </div>
        )}
      </Loaded>
    </div>
  );
}
