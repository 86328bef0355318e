INSERT FILE='responses.sps'.
DISPLAY DICTIONARY.
FREQUENCIES VARIABLES=overall gender late work_done_2.
LIST VARIABLES=case_id dealer_code event_date completed_at comments.
