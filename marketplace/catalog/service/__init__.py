from marketplace.catalog.service.defaults import ensure_default_categories

__all__ = ["ensure_default_categories"]
