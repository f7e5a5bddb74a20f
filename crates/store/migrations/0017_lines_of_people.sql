-- What people and programs did to Lanyard itself is found without the looks and signals between. A finding, a breach or a link is
-- of the engine unless it says by whom; who said whose an account is stood in the title alone before this step.
ALTER TABLE journal ADD COLUMN of_people INTEGER AS (CASE
    WHEN line = '' THEN NULL
    WHEN json_extract(line, '$.kind') IN ('access', 'control', 'policy', 'approval', 'review', 'whatif', 'evidence', 'undo',
        'setting', 'export', 'erasure', 'retention') THEN 1
    WHEN json_extract(line, '$.kind') IN ('finding', 'breach', 'link')
        AND (json_extract(line, '$.data.by') IS NOT NULL OR json_extract(line, '$.title') LIKE '% says that account % is theirs') THEN 1
    END) VIRTUAL;
CREATE INDEX journal_of_people ON journal (of_people) WHERE of_people IS NOT NULL;
