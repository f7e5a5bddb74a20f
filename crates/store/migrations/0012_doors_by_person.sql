-- Who may enter is said of a person, not of an account: two identities that share an account each have their own doors.
-- Rows kept until now name the area only; they are the person's whose account it was then, or else last.
UPDATE held SET key = (SELECT owner.key FROM held owner WHERE owner.site = held.site AND owner.account_id = held.account_id
                       AND owner.kind = 'person' ORDER BY (owner.from_at <= held.from_at AND owner.to_at > held.from_at) DESC, owner.to_at DESC, owner.from_at DESC LIMIT 1) || ' ' || key
WHERE kind = 'door' AND EXISTS (SELECT 1 FROM held owner WHERE owner.site = held.site AND owner.account_id = held.account_id
                                AND owner.kind = 'person');
