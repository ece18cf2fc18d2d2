"""What the examples of requests are made of. The image is 48x32 and says "Text"."""

IMAGE = (
    "iVBORw0KGgoAAAANSUhEUgAAADAAAAAgCAAAAABxv6TAAAAAm0lEQVR42mM8wUAaYGIY1TAkNbDAGEfWMlzWZQiwR0gtj8SmgREpafhuRpFC46LbAAGf"
    "J7/7nalR52bTq/f0e2k3YQ0zAzVfVc/OrRZ97cqwtpsIG04/ZWD48U/UtWYSQU9DwN9Otv+XmRi+M38nMlh1jjCcXMbw5GzbpP8M//8ToSFrV8HqfIa+"
    "NCWFbQy61YSCdTS1jmoY3BoAa9EvdZiu3AgAAAAASUVORK5CYII="
)
MASK = (
    "iVBORw0KGgoAAAANSUhEUgAAADAAAAAgAQAAAAB8r8axAAAAGUlEQVR42mNgIBMw/////wEDE4RDQ4pCAACLRgP9zPQblwAAAABJRU5ErkJggg=="
)
RECTANGLE = {"x": 6, "y": 8, "width": 28.5, "height": 14}
CORNERS = {"x1": 6, "y1": 8, "x2": 34, "y2": 22}
POLYGON = {"points": [[6, 8], [34, 9], [34, 22], [6, 21]]}
