-- What is due of one route is found without what waits for another.
ALTER TABLE messages ADD COLUMN route TEXT AS (json_extract(record, '$.V1.route')) VIRTUAL;
CREATE INDEX messages_due_of ON messages (route, due, id) WHERE due IS NOT NULL;
DROP INDEX messages_due;

-- Notes of findings that were put away and are over: what happened once is done then, and fights that are counted no longer.
DELETE FROM meta WHERE key >= 'closed:by-hand:' AND key < 'closed:by-hand;';
DELETE FROM meta WHERE key >= 'closed:review:' AND key < 'closed:review;';
DELETE FROM meta WHERE key >= 'closed:fought:' AND key < 'closed:fought;'
    AND substr(key, 8) NOT IN (SELECT key FROM meta WHERE key >= 'fought:' AND key < 'fought;');
