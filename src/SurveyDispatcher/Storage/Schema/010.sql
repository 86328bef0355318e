-- What a change of the policy did, once more: customers whom both programmes contact, the new one earlier. Null: it was not counted.
ALTER TABLE policy_changes ADD COLUMN earlier INTEGER;
