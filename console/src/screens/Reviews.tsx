// Access reviews: campaigns, open and signed off, and the way to open one.
import { Button, Checkbox, Modal, MultiSelect, SegmentedControl, Select, TagsInput, TextInput } from "@mantine/core";
import { useDebouncedCallback, useDisclosure } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError, calls, type Schemas } from "../api";
import { ALL, queryClient, useMay, useOverview, useSession } from "../queries";
import type { ReviewsSearch } from "../router";
import { Ago, At, useServerNow } from "../time";
import { Tag } from "../ui/marks";
import { PageHead } from "../ui/panel";
import { RoleFor } from "../ui/role";
import { Empty, Loaded } from "../ui/states";
import { useTenant } from "../ui/tenant";
import { number, plural, words } from "../words";
import "../forms.css";

export type Campaign = Schemas["Review"];

const PAGE = 50;

/** `open` leaves out what is signed off; `mine` keeps those in which the caller reviews. */
const useReviews = (tenant: string, filter: { open: boolean; mine?: boolean; search?: string }) =>
  useInfiniteQuery({
    queryKey: ["reviews", tenant, filter],
    queryFn: ({ pageParam }) => calls.get<Schemas["Reviews"]>("/reviews", { limit: PAGE, cursor: pageParam, tenant: tenant === ALL ? undefined : tenant, open: filter.open ? "true" : undefined, reviewer: filter.mine ? "me" : undefined, search: filter.search }),
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
    staleTime: 10_000,
  });

export function stateOf(review: Campaign, now: number): ["ok" | "failed" | "held", string] {
  if (review.closed_at) return ["ok", "signed off"];
  return Date.parse(review.due_at) < now ? ["failed", "overdue"] : ["held", "open"];
}

export function Reviews() {
  const tenant = useTenant();
  const may = useMay("approve");
  const { show, mine, q } = useSearch({ from: "/$tenant/reviews" });
  const navigate = useNavigate({ from: "/$tenant/reviews" });
  const filter = (next: ReviewsSearch) => void navigate({ search: (old) => ({ ...old, ...next }), replace: true });
  const search = useDebouncedCallback((text: string) => filter({ q: text.trim() || undefined }), 180);
  const query = useReviews(tenant, { open: show === "open", mine, search: q });
  const now = useServerNow(30_000);
  const [opening, open] = useDisclosure(false);
  const total = query.data?.pages[0]?.total;
  const narrowed = show === "open" || mine === true || q !== undefined;
  return (
    <>
      <PageHead title="Reviews" sub="Who holds what, looked at by people, line by line, and signed">
        {total !== undefined && <span className="dim small" aria-live="polite">{plural(total, "review")}</span>}
        {may === false ? <RoleFor what="To open a review" role="approver" /> : may && <Button size="xs" onClick={open.open}>New review</Button>}
      </PageHead>
      <div className="row wrap" style={{ gap: 12 }}>
        <TextInput data-search aria-label="Search reviews" placeholder="Title, owner, reviewer or site" defaultValue={q ?? ""} onChange={(e) => search(e.currentTarget.value)} leftSection={<IconSearch size={16} aria-hidden />} w={280} />
        <SegmentedControl size="sm" aria-label="Reviews" value={show ?? "all"} onChange={(value) => filter({ show: value === "open" ? "open" : undefined })} data={[{ value: "all", label: "All" }, { value: "open", label: "Not signed off" }]} />
        <Checkbox size="xs" label="Only those in which I review" checked={mine === true} onChange={(e) => filter({ mine: e.currentTarget.checked || undefined })} />
      </div>
      <Loaded query={query} what="the reviews" rows={6}>
        {(data) => {
          const shown = data.pages.flatMap((page) => page.reviews);
          const all = <Button size="xs" variant="default" onClick={() => filter({ show: undefined, mine: undefined, q: undefined })}>Show all reviews</Button>;
          return (
            <div className="panel scroll">
              {shown.length === 0 && narrowed ? (
                <Empty title={q || mine ? "No review fits" : "Every review is signed off"} action={all}>{q ? "Searched in titles, owners, reviewers and sites" : mine ? "You review in none" : "Nothing waits for a reviewer or an owner"}{show === "open" && (q || mine) ? " of those that are not signed off" : ""}.</Empty>
              ) : shown.length === 0 ? (
                <Empty title="No reviews yet" action={may && <Button size="xs" onClick={open.open}>New review</Button>}>A review takes what is held now, gives each line to a reviewer, and keeps their reasons for auditors.</Empty>
              ) : (
                <table className="table">
                  <thead><tr><th>Review</th><th>State</th><th>Due</th><th className="r">Lines</th><th>Reviewers</th><th>Owner</th></tr></thead>
                  <tbody>
                    {shown.map((r) => {
                      const [tone, label] = stateOf(r, now);
                      return (
                        <tr key={r.id}>
                          <td><Link data-row className="rowlink" to="/$tenant/reviews/$reviewId" params={{ tenant, reviewId: r.id }}>{r.title}</Link><div className="dim small">{r.tenant} · {r.sites.join(", ")} · {r.kinds.map((kind) => words(kind).toLowerCase()).join(", ")}</div></td>
                          <td><Tag as={tone} label={label} />{r.flags.includes("hasty") && <div className="small dim">decided hastily</div>}</td>
                          <td>{r.closed_at ? <At at={r.closed_at} seconds={false} /> : <Ago at={r.due_at} />}</td>
                          <td className="r num">{number(r.lines)}</td>
                          <td className="small">{r.reviewers.join(", ")}</td>
                          <td className="small">{r.owner}</td>
                        </tr>
                      );
                    })}
                  </tbody>
                </table>
              )}
            </div>
          );
        }}
      </Loaded>
      {query.hasNextPage && <div style={{ textAlign: "center" }}><Button variant="default" size="xs" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>Show more</Button></div>}
      <OpenReview opened={opening} close={open.close} />
    </>
  );
}

const KINDS = ["role", "item", "site_admin", "seat", "section", "door", "visit"];
const DAY_MS = 86_400_000;

function OpenReview({ opened, close }: { opened: boolean; close: () => void }) {
  const overview = useOverview().data;
  const me = useSession().data?.user ?? "";
  const now = useServerNow(60_000);
  const picked = useTenant();
  const navigate = useNavigate();
  const [form, setForm] = useState<{ title: string; tenant?: string; sites: string[]; kinds: string[]; owner: string; reviewers?: string[]; provisioners: string[]; due: string }>({ title: "", sites: [], kinds: ["role", "item", "site_admin"], owner: "", provisioners: [], due: "" });
  const set = (part: Partial<typeof form>) => setForm((old) => ({ ...old, ...part }));
  const tenants = overview?.tenants.map((t) => t.id) ?? [];
  const tenant = form.tenant ?? tenants.find((t) => t === picked) ?? tenants[0];
  const reviewers = form.reviewers ?? (me ? [me] : []);
  const due = form.due || new Date(now + 14 * DAY_MS).toISOString().slice(0, 10);
  const making = useMutation({
    mutationFn: () => calls.post<{ review: Campaign }>("/reviews", { title: form.title.trim(), tenant, sites: form.sites, kinds: form.kinds, owner: form.owner.trim(), reviewers, provisioners: form.provisioners, due_at: `${due}T23:59:00Z` }),
    onSuccess: async ({ review }) => {
      await queryClient.invalidateQueries({ queryKey: ["reviews"] });
      await navigate({ to: "/$tenant/reviews/$reviewId", params: { tenant: picked, reviewId: review.id } });
    },
  });
  const error = making.error instanceof ApiError ? making.error : undefined;
  // What the server says of one name stands beside the field that it is in.
  const said = (field: string) => error?.fields.find(({ path }) => path === field || path.startsWith(`${field}[`))?.message;
  return (
    <Modal opened={opened} onClose={close} title="New review" size="lg" closeButtonProps={{ "aria-label": "Close" }}>
      <form className="stack" onSubmit={(e) => { e.preventDefault(); making.mutate(); }}>
        <TextInput label="Title" description="As auditors will read it" required value={form.title} onChange={(e) => set({ title: e.currentTarget.value })} error={said("title")} data-autofocus autoComplete="off" />
        <div className="fields">
          <MultiSelect label="Sites" placeholder={form.sites.length === 0 ? "All sites" : undefined} data={overview?.sites.map((s) => s.id) ?? []} value={form.sites} onChange={(sites) => set({ sites })} />
          <Select label="Tenant" data={tenants} value={tenant ?? null} onChange={(value) => set({ tenant: value ?? undefined })} allowDeselect={false} />
        </div>
        <MultiSelect label="What is reviewed" data={KINDS.map((kind) => ({ value: kind, label: words(kind) }))} value={form.kinds} onChange={(kinds) => set({ kinds })} error={form.kinds.length === 0 ? "Choose at least one kind" : undefined} />
        <TagsInput label="Reviewers" description="By name, login or e-mail address; they take turns, person by person, and never judge themselves" error={said("reviewers")} value={reviewers} onChange={(value) => set({ reviewers: value })} />
        <div className="fields">
          <TextInput label="Owner" description="By name, login or e-mail address; signs it off, and is no reviewer" required value={form.owner} onChange={(e) => set({ owner: e.currentTarget.value })} error={reviewers.some((r) => r.trim().toLowerCase() === form.owner.trim().toLowerCase()) && form.owner ? "Owner and reviewer are two people" : said("owner")} autoComplete="off" />
          <TextInput type="date" label="Due" value={due} onChange={(e) => set({ due: e.currentTarget.value })} error={said("due_at")} />
        </div>
        <TagsInput label="Who gives this access" description="May not review it; may stay empty" error={said("provisioners")} value={form.provisioners} onChange={(value) => set({ provisioners: value })} />
        {making.error && <div className="failure" role="alert"><div><b>Nothing was opened.</b> {making.error.message}. {error?.fix}</div></div>}
        <div className="row" style={{ justifyContent: "flex-end" }}>
          <Button variant="default" onClick={close}>Cancel</Button>
          <Button type="submit" loading={making.isPending} disabled={form.title.trim() === "" || form.owner.trim() === "" || reviewers.length === 0 || form.kinds.length === 0}>Open the review</Button>
        </div>
      </form>
    </Modal>
  );
}
