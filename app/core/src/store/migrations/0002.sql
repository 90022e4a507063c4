-- Receipts: what the server says it received, signed, as the text of a QR code. Verified before they are kept.
CREATE TABLE receipts (
    request BLOB PRIMARY KEY,
    text    TEXT NOT NULL
) STRICT;
