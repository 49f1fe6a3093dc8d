import re

import pytest
from composed import composed
from omegaconf import OmegaConf

from uqgen.config import CONF, build, plain
from uqgen.data.corruption import BLUR_SIGMA, NOISE_SIGMA
from uqgen.settings import SettingError

EXPERIMENTS = sorted(path.stem for path in (CONF / "experiment").glob("*.yaml"))


def options(group: str) -> list[str]:
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_composes_and_builds(experiment):
    built = build(plain(composed([f"experiment={experiment}"])))
    assert built.name == experiment
    assert built.judge.network is not built.classifier.network


@pytest.mark.parametrize("score", options("score"))
def test_every_score_is_a_choice(score):
    cfg = composed(["classifier=cnn_ensemble", "classifier@judge=cnn_ensemble"])
    cfg.score = OmegaConf.load(CONF / "score" / f"{score}.yaml")  # as `score=...` chooses it, which takes longer
    built = build(plain(cfg)).score
    assert "_and_".join(one.name for one in (built, built.second) if one) == score


@pytest.mark.parametrize(
    "choice",
    [
        pytest.param(f"{group}={name}", marks=[] if group == "condition" else pytest.mark.slow)
        for group in ("condition", "sampler", "enforcement")
        for name in options(group)
    ],
)
def test_two_scores_go_with_every_way_of_conditioning(choice):
    ensembles = ["classifier=mlp_ensemble", "classifier@judge=mlp_ensemble", "score=entropy_and_mutual_information"]
    assert build(plain(composed(["experiment=moons", *ensembles, choice]))).score.second is not None


@pytest.mark.parametrize("score", ["mutual_information", "expected_entropy", "entropy_and_mutual_information"])
def test_without_judges_only_the_target_needs_members(score):
    build(plain(composed([f"score={score}", "classifier=cnn_ensemble", "evaluation.n_judges=0"])))


def test_members_have_the_identity_of_their_network_alone():
    one, several = (build(plain(composed([f"classifier={name}"]))) for name in ("cnn", "cnn_ensemble"))
    assert one.identities == several.identities
    assert (one.classifier.members, several.classifier.members) == (None, 5)


# An experiment that has target and judges trained alike.
ALIKE = ["experiment=mnist", "classifier=cnn_ensemble"]


@pytest.mark.parametrize("judge", [["cnn_ensemble"], ["cnn", "judge.training.seed=4"], ["cnn_deep"]])
def test_judges_may_be_trained_like_the_target_with_other_seeds(judge):
    build(plain(composed([*ALIKE, f"classifier@judge={judge[0]}", *judge[1:]])))


@pytest.mark.parametrize("experiment", ["moons", pytest.param("mnist_corrupt", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "choice",
    [
        pytest.param(f"{group}={name}", marks=pytest.mark.slow if group == "condition" else [])
        for group in ("condition", "sampler", "enforcement")
        for name in options(group)
    ],
)
def test_every_way_of_conditioning_is_a_choice_of_every_experiment(experiment, choice):
    settings = plain(composed([f"experiment={experiment}", choice]))
    built = build(settings)
    group, _ = choice.split("=")
    made = {"condition": built.encoding, "sampler": built.sampler, "enforcement": built.enforcement}[group]
    assert settings[group]["_target_"] == f"{made.func.__module__}.{made.func.__qualname__}"


def test_corrupted_mnist_has_the_constants_of_the_package():
    corruption = build(plain(composed(["experiment=mnist_corrupt"]))).data.corruption
    assert (corruption.noise_sigma, corruption.blur_sigma) == (NOISE_SIGMA, BLUR_SIGMA)


def test_the_constants_of_imagenet_c_are_a_choice_of_data():
    corruption = build(plain(composed(["experiment=mnist_corrupt", "data=mnist_corrupt_imagenet_c"]))).data.corruption
    assert corruption.noise_sigma == (0.08, 0.12, 0.18, 0.26, 0.38)
    assert corruption.blur_sigma == (1, 2, 3, 4, 6)
    assert (corruption.share, corruption.seed) == (0.5, 0)


@pytest.mark.parametrize("model", [name for name in options("model") if not name.endswith("mlp")])
def test_every_model_of_images_builds(model):
    assert build(plain(composed([f"model={model}"]))).model.training.n_images > 0


def test_a_run_of_an_earlier_version_is_refused_in_one_line():
    settings = plain(composed(["run=old"]))
    settings["gan"] = settings.pop("model")
    with pytest.raises(SettingError, match=r"^run=old: allowed: one that this version trained"):
        build(settings)


def test_a_debug_run_is_small():
    whole, small = plain(composed([])), plain(composed(["debug=seconds"]))
    assert small["model"]["training"]["n_images"] < whole["model"]["training"]["n_images"] / 50
    assert small["data"]["limit"] == 1000


def test_the_seed_moves_everything_and_each_part_can_be_held():
    one, other = (build(plain(composed([f"seed={seed}"]))) for seed in (0, 1))
    assert one.model.training.seed != other.model.training.seed
    assert one.data.seed != other.data.seed
    assert one.evaluation.seed != other.evaluation.seed
    assert all(one.identities[kind] != other.identities[kind] for kind in ("data", "classifier", "judge"))
    assert one.data.corruption.seed == other.data.corruption.seed  # of the data set, which stays
    held = [f"{kind}.seed=0" for kind in ("data", "classifier.training", "judge.training")]
    assert build(plain(composed(["seed=1", *held]))).identities == one.identities


def test_a_checkpoint_of_ones_own_and_the_folder_do_not_change_the_identity():
    one, other = (build(plain(composed(o))) for o in ([], ["data.folder=elsewhere", "trainer=cpu"]))
    assert one.identities == other.identities


REFUSED = [
    (["model.training.batch_size=0"], "model.training.batch_size=0: allowed: an integer of at least 2"),
    (["model.training.batch_size=abc"], "model.training.batch_size=abc: allowed: an integer of at least 2"),
    (["model.training.batch_size=31"], "model.training.batch_size=31: allowed: a multiple of 2: groups of 2"),
    ([f"cache={__file__}"], "test_construction.py: allowed: a folder, or none yet"),
    (["model.training.loss=foo"], "model.training.loss=foo: allowed: hinge, non_saturating, relativistic, wasserstein"),
    (["model.training.style_mixing=2"], "model.training.style_mixing=2: allowed: a number from 0 to 1"),
    (["model.generator.channels=[8,8]"], "model.generator.channels=[8, 8]: allowed: one number for each resolution"),
    (["seed=-1"], "data.seed=-1: allowed: an integer of at least 0"),
    (["score.name=foo"], "score.name=foo: allowed: conformal, energy, entropy, expected_entropy, gen, "),
    (["data.n_validation=60000"], "data.n_validation=60000: allowed: fewer than the 60000 training images"),
    (["data.corruption.noise_sigma=[1,2]"], "data.corruption.noise_sigma=[1, 2]: allowed: five positive numbers"),
    (["data.corruption.share=1.5"], "data.corruption.share=1.5: allowed: a number from 0 to 1"),
    (["classifier.network.channels=[8,8,8,8,8,8]"], "classifier.network.channels"),
    (["classifier.training.epochs=0"], "classifier.training.epochs=0: allowed: an integer of at least 1"),
    (["evaluation.best_of=0"], "evaluation.best_of=0: allowed: an integer of at least 1"),
    (["evaluation.n_images=1"], "evaluation.n_images=1: allowed: an integer of at least 2"),
    (
        ["evaluation.reachable.msp=[0.05,1]"],
        "evaluation.reachable.msp=[0.05, 1]: allowed: within [0.1, 1] for 10 classes",
    ),
    (["evaluation.reachable.msp=[1,0.5]"], "evaluation.reachable.msp=[1, 0.5]: allowed: [lowest, highest]"),
    (["sampler=balanced", "sampler.share=2"], "sampler.share=2: allowed: a number from 0 to 1"),
    (["enforcement=consistency", "enforcement.bound=-1"], "enforcement.bound=-1: allowed: a number of at least 0"),
    (
        ["condition=fourier", "condition.n_frequencies=0"],
        "condition.n_frequencies=0: allowed: an integer of at least 1",
    ),
    (["trainer.precision=8"], "trainer.precision=8: allowed: 16-mixed, 32-true, auto, bf16-mixed"),
    (["trainer.accelerator=tpu"], "trainer.accelerator=tpu: allowed: auto, cpu, gpu, mps"),
    (["+trainer.logger=true"], "trainer.logger=True: allowed: null: logger=csv, tensorboard, wandb or [] chooses"),
    (["+trainer.max_time=00:01:00:00"], "allowed: null: model.training.n_images says how long a training is"),
    (["+trainer.callbacks=[]"], "trainer.callbacks=[]: allowed: null: +callbacks.NAME"),
    (["experiment=moons", "model=gan"], "allowed: networks for data of shape (2,), as model=gan_mlp has"),
    (["experiment=moons", "+model.kinds.texture=3"], "model.kinds={'texture': 3}: allowed: none for points"),
    (
        ["experiment=moons", "+model.training.detail_energy=1"],
        "model.training.detail_energy=1: allowed: 0 for points, which have no detail",
    ),
    (["model.kinds.shape=1"], "model.kinds.shape=1: allowed: 0 for none, or an integer of at least 2"),
    (["model.kinds=6"], "model.kinds=6: allowed: settings below it"),
    (["model.kinds=null"], "model.kinds=None: allowed: settings below it"),
    (["model.kinds.texture=-1"], "model.kinds.texture=-1: allowed: 0 for none, or an integer of at least 2"),
    (["experiment=mnist", "model=gan_mlp"], "allowed: networks for data of shape (1, 32, 32), as model=gan has"),
    (
        ["model=flow", "enforcement=consistency"],
        "enforcement=Consistency: allowed: none with a flow, which a classifier guides",
    ),
    (["experiment=moons", "model=flow"], "allowed: networks for data of shape (2,), as model=flow_mlp has"),
    (["guidance=mixture", "guidance.n_surrogates=0"], "guidance.n_surrogates=0: allowed: 0 with classifiers=target"),
    (["score=mutual_information"], "score=mutual_information: allowed: with an ensemble, classifier=cnn_ensemble, "),
    (
        ["score=expected_entropy", "classifier=cnn_ensemble"],
        "classifier@judge=cnn_ensemble, mlp_ensemble or cnn_dropout, or evaluation.n_judges=0",
    ),
    (["classifier=cnn_ensemble", "classifier.members=1"], "classifier.members=1: allowed: an integer of at least 2"),
    (
        ["experiment=mnist", "classifier=cnn_ensemble", "classifier@judge=cnn"],
        "judge.training.seed=0: allowed: a seed with which no judge is a network of the target",
    ),
    (
        ["experiment=mnist", "classifier=cnn", "classifier.training.seed=2", "classifier@judge=cnn"],
        "judge.training.seed=0: allowed: a seed with which no judge is a network of the target",
    ),
    (["experiment=moons", "classifier=cnn"], "allowed: networks for data of shape (2,), as classifier=mlp"),
]


@pytest.mark.parametrize(("overrides", "message"), REFUSED, ids=lambda value: " ".join(value) if value[0] else None)
def test_an_impossible_setting_is_refused_by_its_full_name(overrides, message):
    with pytest.raises(SettingError) as refusal:
        build(plain(composed(overrides)))
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_range_of_an_experiment_can_be_taken_back():
    assert build(plain(composed(["evaluation.reachable.msp=null"]))).evaluation.reachable == {"msp": None}


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        (
            ["classifier=own", "classifier.network._target_=timn.create_model"],
            "classifier.network._target_=timn.create_mo",
        ),
        (
            ["data=dataset", "+data.train._target_=torchvision.datasets.CIFA"],
            "data.train._target_=torchvision.datasets.C",
        ),
        (
            ["data=dataset", "+data.train._target_=torchvision.datasets.FakeData", "+data.train.n=3"],
            "data.train=torchvision.datasets.f",
        ),
        (
            ["data=dataset", "+data.train._target_=torchvision.datasets.CIFAR10", "+data.train.root=no"],
            "data.train=torchvis",
        ),
    ],
)
def test_what_cannot_be_imported_or_made_is_named_with_the_reason(overrides, line):
    with pytest.raises(SettingError) as refusal:
        build(plain(composed(["experiment=shapes", *overrides])))
    assert str(refusal.value).startswith(line)
    assert re.search(
        r"No module named|has no attribute|unexpected keyword argument|Dataset not found", str(refusal.value)
    )
    assert "\n" not in str(refusal.value)


def test_an_import_path_of_an_earlier_version_is_answered_with_todays():
    old, new = ("uqgen.evaluation.settings.EvaluationSettings", "uqgen.evaluation.evaluation_settings")
    with pytest.raises(SettingError) as refusal:
        build(plain(composed(["experiment=moons", f"evaluation._target_={old}"])))
    assert str(refusal.value) == f"evaluation._target_={old}: allowed: {new}.EvaluationSettings, its new name"
