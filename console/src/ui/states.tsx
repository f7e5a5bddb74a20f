// Waiting, empty, failed: each says what it is and what comes next. Old data stays while new data is fetched.
import { Button, Skeleton } from "@mantine/core";
import type { ReactNode } from "react";
import { ApiError } from "../api";
import { Mark } from "./marks";

/** `slow` is said when it takes longer than a few seconds. */
export function Waiting({ rows = 6, slow }: { rows?: number; slow?: string }) {
  return (
    <div className="waiting" data-loading aria-busy="true" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, i) => (
        <Skeleton key={i} height={i === 0 ? 18 : 14} width={`${92 - ((i * 17) % 40)}%`} />
      ))}
      {slow && <div className="dim small slow">{slow}</div>}
    </div>
  );
}

export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="empty">
      <b>{title}</b>
      {children}
      {action && <div style={{ marginTop: 12 }}>{action}</div>}
    </div>
  );
}

export function Failure({ error, what, retry }: { error: unknown; what: string; retry: () => void }) {
  const api = error instanceof ApiError ? error : undefined;
  return (
    <div className="failure" role="alert">
      <Mark as="failed" label="Failed" />
      <div className="grow">
        <b>Could not load {what}.</b> {api?.message ?? String(error)}
        {api?.status ? ` (${api.status})` : ""}. {api?.detail}
        {api?.fix && <div className="fix"><span className="dim">Fix: </span>{api.fix}</div>}
        <div className="dim">{api?.status ? "Nothing was changed by this." : "Nothing was changed by this. The page asks again by itself when the server is back."}</div>
        {api?.id && <div className="mono dim">id {api.id}</div>}
      </div>
      <Button size="xs" variant="default" onClick={retry}>
        Retry
      </Button>
    </div>
  );
}

interface Asked<T> {
  data: T | undefined;
  error: unknown;
  isPlaceholderData?: boolean;
  refetch: () => unknown;
}

/** Shows what a query has: skeleton, failure, or data; data that could not be refreshed is shown, and said to be old. */
export function Loaded<T>(props: { query: Asked<T>; what: string; rows?: number; slow?: string; children: (data: T) => ReactNode }) {
  const { query, what, rows, slow, children } = props;
  const retry = () => void query.refetch();
  if (query.data === undefined) {
    return query.error ? <Failure error={query.error} what={what} retry={retry} /> : <Waiting rows={rows} slow={slow} />;
  }
  return (
    <div className={query.isPlaceholderData ? "stale" : undefined}>
      {query.error ? (
        <div style={{ marginBottom: 16 }}>
          <Failure error={query.error} what={`newer data for ${what}; below is the last known`} retry={retry} />
        </div>
      ) : null}
      {children(query.data)}
    </div>
  );
}
