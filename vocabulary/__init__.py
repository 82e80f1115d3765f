"""Words that all parts share: ids, instants, media, skills, failures."""
