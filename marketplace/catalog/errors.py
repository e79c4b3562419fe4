from marketplace.core.errors import Conflict, ValidationFailed


class UnknownCategory(ValidationFailed):
    code = "unknown_category"


class CategoryTaken(Conflict):
    code = "category_taken"


class CategoryCircle(Conflict):
    code = "category_circle"
    default_message = "A category cannot be moved below itself."


class TreeTooDeep(Conflict):
    code = "category_too_deep"
    default_message = "The tree of categories is at most 6 deep."


class TooManyTags(ValidationFailed):
    code = "too_many_tags"
