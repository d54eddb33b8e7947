"""In: nothing; out: all that a connector may use besides domain: contract, HTTP, wording, conformance, template."""
