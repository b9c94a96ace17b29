"""From recordings to the page: snakemake --cores all --configfile my_study/study.yaml."""

from snakemake.utils import min_version

min_version("9.1")


include: "workflow/rules/paths.smk"
include: "workflow/rules/participant.smk"
include: "workflow/rules/study.smk"


rule all:
    default_target: True
    input:
        stage_done(STUDY_STAGES[-1]),
