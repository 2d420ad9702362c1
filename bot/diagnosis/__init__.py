"""From words to a diagnosis: symptom, scope, probes, rules, report."""
