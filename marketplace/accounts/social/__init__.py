"""Social login: other services' accounts that open ours. One protocol, a module for each kind of provider."""
