-- A file of which every row is stored stays 'stored' until it lies in the archive, and only then is 'taken': one that was killed in
-- between is known, and not read again.
DROP INDEX files_taking;
CREATE INDEX files_taking ON files (state) WHERE state IN ('taking', 'stored');
