from uqgen.comparison.choice import choose
from uqgen.comparison.variants import compare_jobs

# Each: mean absolute error, FID and class agreement on validation.
PAPER = (0.2, 60.0, 0.9)


def chosen(make_job, reference=PAPER, **others) -> str:
    jobs = [make_job("paper", 0, 0.5, validation=reference)]
    jobs += [make_job(name, 0, 0.5, validation=found) for name, found in others.items()]
    variants = compare_jobs("sweep", jobs).variants
    return choose(variants, variants[0]).name


def test_the_lowest_error_is_chosen(make_job):
    assert chosen(make_job, good=(0.1, 50.0, 0.95), better=(0.05, 59.0, 0.9)) == "better"


def test_an_error_paid_for_by_pictures_or_classes_is_not_chosen(make_job):
    ruined, drowned = (0.01, 61.0, 0.95), (0.01, 50.0, 0.87)
    assert chosen(make_job, ruined=ruined, drowned=drowned, good=(0.1, 50.0, 0.95)) == "good"
    assert chosen(make_job, ruined=ruined, drowned=drowned) == "paper"


def test_what_a_thousand_images_leave_open_of_the_classes_costs_nothing(make_job):
    assert chosen(make_job, nearly=(0.01, 50.0, 0.885)) == "nearly"


def test_the_reference_itself_can_be_the_best(make_job):
    assert chosen(make_job, worse=(0.3, 10.0, 1.0)) == "paper"


def test_what_was_not_measured_is_not_chosen(make_job):
    jobs = [make_job("paper", 0, 0.5, validation=PAPER), make_job("unknown", 0, 0.9), make_job("failed", 0, error="x")]
    variants = compare_jobs("sweep", jobs).variants
    assert choose(variants, variants[0]).name == "paper"


def test_seeds_are_averaged(make_job):
    jobs = [make_job("paper", 0, 0.5, validation=PAPER)]
    jobs += [make_job("lucky", seed, 0.5, validation=(mae, 50.0, 0.95)) for seed, mae in enumerate((0.01, 0.19))]
    jobs += [make_job("steady", seed, 0.5, validation=(0.09, 50.0, 0.95)) for seed in range(2)]
    variants = compare_jobs("sweep", jobs).variants
    assert choose(variants, variants[0]).name == "steady"
