-- Visits by site, for a leaver who hosts some; the outbox by when something last happened to a message.

CREATE INDEX visits_of_site ON visits (site, tenant, user_id, key);
CREATE INDEX messages_by_time ON messages (COALESCE(sent_at, tried_at, due, 0), id);
