-- `Gönder` asks whether another request has the draft's number.
CREATE INDEX requests_by_number ON requests (no);
