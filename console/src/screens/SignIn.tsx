// The way in, at first and when a session ended under somebody's hands.
import { Button, Modal } from "@mantine/core";
import { IconLogin2 } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { api, forgetProof } from "../api";
import { isReadOnce, queryClient } from "../queries";
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

/** How often a page that waits asks whether there is a session again. */
const ASK_MS = 2_000;

/** Nobody is signed in. `to`: there was no page yet, and this is where to go on. `over`: the session of this person ended, and
 * their page waits behind with all that is written on it, secrets too: it is covered, and goes on once they are signed in. */
export function SignedOut({ to, over }: { to?: string; over?: string }) {
  useEffect(() => {
    if (over === undefined) return;
    const again = async () => {
      const session = await api.session().catch(() => undefined);
      if (!session) return;
      // What somebody else left on the page is not theirs.
      if (session.subject !== over) return location.reload();
      forgetProof();
      queryClient.setQueryData(["session"], session);
      await queryClient.invalidateQueries({ predicate: ({ queryKey }) => !isReadOnce(queryKey) });
    };
    const timer = setInterval(() => void again(), ASK_MS);
    return () => clearInterval(timer);
  }, [over]);
  if (over === undefined) return <div className="signin"><PageHead title="Sign in" /><SignInPanel to={to} /></div>;
  return (
    <Modal opened onClose={() => undefined} fullScreen withCloseButton={false} closeOnEscape={false} zIndex={1000} transitionProps={{ duration: 0 }} title="Your session is over">
      <div className="signin">
        <p>This page waits behind, with what you were writing.</p>
        <SignInPanel to="/sign-in" elsewhere />
      </div>
    </Modal>
  );
}

/** The ways in that this server offers. `to` is where to go on afterwards; `elsewhere` leaves this page where it is. */
export function SignInPanel({ problem, to, elsewhere }: { problem?: string; to?: string; elsewhere?: boolean }) {
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
            {signed_in && !elsewhere && <div className="row wrap"><span>You are signed in. A page that waits in another tab goes on by itself.</span><Button component="a" variant="default" size="xs" href={to ?? "/"}>Go on</Button></div>}
            {provider && (
              <div>
                <Button component="a" href={`/sign-in/provider?to=${encodeURIComponent(to ?? "/")}`} target={elsewhere ? "_blank" : undefined} leftSection={<IconLogin2 size={16} aria-hidden />}>
                  Sign in {signed_in ? "as somebody else " : ""}with {provider}
                </Button>
                {elsewhere && <div className="dim small" style={{ marginTop: 8 }}>It opens in another tab; come back here when you are in.</div>}
              </div>
            )}
            {!signed_in && (
              <div>
                {!provider && <b>You are not signed in</b>}
                <div className="dim">
                  {provider ? "Without access to Okta, " : ""}run <span className="mono">lanyard sign-in</span> on the server: it prints a link that signs one person in as owner, once.
                </div>
              </div>
            )}
          </div>
        )}
      </Loaded>
    </div>
  );
}
