"""P1: units are matched by name with 人民政府, 办事处 and 街道 variants."""

import pytest

from ledger.units_text import unit_key


@pytest.mark.parametrize(
    ("variants", "key"),
    [
        (["桑柘镇", "桑柘镇人民政府", "彭水县桑柘镇人民政府", "彭水苗族土家族自治县桑柘镇政府", " 桑柘镇 "], "桑柘镇"),
        (["汉葭街道", "汉葭街道办事处", "汉葭街道办", "重庆市彭水县汉葭街道办事处"], "汉葭街道"),
        (["县林业局", "林业局", "彭水县林业局"], "林业局"),
        (["县发展改革委", "彭水县发展和改革委员会"], "发展改革委"),
        (["县农业农村委", "县农业农村委员会"], "农业农村委"),
        (["云顶村", "云顶村村民委员会", "云顶村委会"], "云顶村"),
    ],
)
def test_p1_variants_of_one_unit(variants: list[str], key: str) -> None:
    assert {unit_key(variant) for variant in variants} == {key}


def test_p1_different_units_stay_apart() -> None:
    assert len({unit_key(name) for name in ("保家镇", "保家村", "桑柘镇", "汉葭街道", "县水利局")}) == 5
