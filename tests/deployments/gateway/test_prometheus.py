from deployments.gateway.prometheus import merge

PAGE = """\
# HELP ray_text_removal_windows_total Windows run
# TYPE ray_text_removal_windows_total counter
ray_text_removal_windows_total{{model="lama",node="{node}"}} {value}
# HELP python_gc_objects not ours
# TYPE python_gc_objects gauge
python_gc_objects 3
"""


def test_families_of_several_nodes_become_one_each_and_only_ours_are_kept() -> None:
    merged = merge([PAGE.format(node="a", value=1), PAGE.format(node="b", value=2)]).decode()

    assert merged.count("# TYPE ray_text_removal_windows_total counter") == 1
    assert 'model="lama",node="a"} 1.0' in merged
    assert 'model="lama",node="b"} 2.0' in merged
    assert "python_gc" not in merged
