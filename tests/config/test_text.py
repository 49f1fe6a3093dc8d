import pytest

from uqgen.config.hydra_private import parse
from uqgen.config.text import as_typed

PATHS = ["1", "1e3", "007", "true", "a b", "images (1)", "été", "猫", "seed=0,variant=paper", "[x]", "{a: 1}", "it's"]
PATHS += ["a,b", "a:b", "C:\\x", "x\\", "100%", "#1", "choice(a,b)", "a*b?", "~/a", 'say "hi"', "a' b\\' c"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("key", ["run", "+group", "++data.folder"])
def test_text_means_what_is_typed(key, path):
    (override,) = parse([as_typed(f"{key}={path}")])
    assert override.value() == path
    assert override.key_or_group == key.lstrip("+")


@pytest.mark.parametrize(
    "line",
    [
        "run=runs/demo",  # so that a sweep is named as it always was
        "run=null",
        "run=",
        "run=runs/${name}/x",
        "run='seed=0'",
        'run="seed=0"',
        r"run=seed\=0",
        "seed=0",
        "model.training.n_images=1,2",
        "run",
        "~run",
        "image=17",
        "between=[17,mine.png]",
        "data.class_names=[a,b]",
        "data.class_names=[]",
        "data.class_names=['a, b',c]",
    ],
)
def test_what_hydra_understands_is_left_alone(line):
    assert as_typed(line) == line
    assert as_typed(as_typed(line)) == line


def test_lists_of_text_are_text_each():
    (override,) = parse([as_typed("data.class_names=[0, 1,yes,true,a (1)]")])
    assert override.value() == ["0", "1", "yes", "true", "a (1)"]
    (override,) = parse([as_typed("between=[0,cat (1).png]")])
    assert override.value() == [0, "cat (1).png"]


def values(line):
    (override,) = parse([as_typed(line, sweeps=True)])
    values = override.sweep_iterator() if override.is_sweep_override() else [override.value()]
    return [getattr(value, "text", value) for value in values]


def test_in_a_sweep_commas_are_between_values():
    assert values("data.folder=5,images (1),été=x") == ["5", "images (1)", "été=x"]
    assert values("cache=1") == ["1"]
    assert values("classifier.file=a.pt,b.pt") == ["a.pt", "b.pt"]
    assert values("classifier.file=a.pt,'b, c.pt'") == ["a.pt", "b, c.pt"]
    assert values("classifier.file=choice(a.pt,b.pt)") == ["a.pt", "b.pt"]
    assert as_typed("classifier.file=a.pt,b.pt", sweeps=True) == "classifier.file=a.pt,b.pt"
