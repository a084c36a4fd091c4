"""The wire: routes, validation, errors, permissions, idle answers and the OpenAPI document."""
